//! Products read through the gateway, by clients on the same machine.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::body::Body;
use ondol_bench::{Latencies, Measured, Stopwatch};
use ondol_gateway::{Config, Gateway, Services, Surroundings};
use shop::BreakerTimes;
use shop_domain::ProductId;
use shop_proof::Floor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How many connections there are.
pub(crate) const CONNECTIONS: u64 = 64;
/// How many products there are.
const PRODUCTS: u128 = 64;

const ROUTES: &str = include_str!("../../gateway.toml");

pub(crate) fn read(runtime: &Runtime, count: u64) -> anyhow::Result<Measured> {
    let (stop, address, products, floor, mut running) = runtime.block_on(async {
        let floor =
            Floor::open(BreakerTimes { failures: 3, open_ms: 1_000, answer_ms: 5_000 }).await?;
        let products = floor.offer(PRODUCTS, 1_000).await?;
        let router = floor.stage.router.clone();
        let inside = router.map_request(|request: http::Request<_>| request.map(Body::new));
        let services = Services::new().with("app", inside);
        let mut config = Config::read("gateway.toml", ROUTES)?;
        config.listen = vec![SocketAddr::from(([127, 0, 0, 1], 0))];
        let gateway = Gateway::with(config, Surroundings { services, ..Surroundings::default() })?;
        let address = *gateway.handle().addresses().first().context("it listens")?;
        let stop = CancellationToken::new();
        let mut running = JoinSet::new();
        running.spawn(gateway.run(stop.clone()));
        anyhow::Ok((stop, address, Arc::new(products), floor, running))
    })?;
    let client = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(load(address, &products, count))
    });
    let measured = client.join().ok().context("the client panicked")??;
    stop.cancel();
    runtime.block_on(async move {
        running.join_next().await.context("it was begun")???;
        floor.close().await
    })?;
    Ok(measured)
}

async fn load(
    address: SocketAddr,
    products: &Arc<Vec<ProductId>>,
    count: u64,
) -> anyhow::Result<Measured> {
    // What was listed a moment ago is on the shelf when it is read.
    while one_line(address, Arc::clone(products), 1).await.is_err() {}
    let mut lines: JoinSet<anyhow::Result<Latencies>> = JoinSet::new();
    let each = count / CONNECTIONS;
    let watch = Stopwatch::start();
    for _ in 0..CONNECTIONS {
        lines.spawn(one_line(address, Arc::clone(products), each));
    }
    let mut latencies = Latencies::new();
    while let Some(line) = lines.join_next().await {
        latencies.merge(line??);
    }
    let rate = watch.rate(each * CONNECTIONS);
    Ok(Measured::new(rate).also("p99", "ms", latencies.millis(0.99)))
}

/// Reads over one connection, each time when the answer before has come.
async fn one_line(
    address: SocketAddr,
    products: Arc<Vec<ProductId>>,
    count: u64,
) -> anyhow::Result<Latencies> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut latencies, mut buffer) = (Latencies::new(), vec![0; 8_192]);
    for product in products.iter().cycle().take(usize::try_from(count)?) {
        let request = format!("GET /api/v1/products/{product} HTTP/1.1\r\nhost: bench\r\n\r\n");
        let watch = Stopwatch::start();
        stream.write_all(request.as_bytes()).await?;
        answer(&mut stream, &mut buffer).await?;
        latencies.record(watch.elapsed());
    }
    Ok(latencies)
}

/// Reads one answer to its end, which has to be a product.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> anyhow::Result<()> {
    let mut read = 0;
    loop {
        let more = stream.read(&mut buffer[read..]).await?;
        anyhow::ensure!(more > 0, "the gateway has hung up");
        read += more;
        let text = std::str::from_utf8(&buffer[..read])?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{text}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.context("an answer says how long it is")?.parse()? {
            anyhow::ensure!(body.contains("\"is_converted\""), "{body}");
            return Ok(());
        }
    }
}
