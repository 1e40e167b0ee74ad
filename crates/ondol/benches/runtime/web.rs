//! Commands over HTTP: the same routes and the same server as an app has, and a client that does
//! as little as can be done.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::extract::State;
use ondol::{App, Desk, Http, NotPart, OpenApiRouter, Running, Service, Stage, routes};
use ondol_bench::{Latencies, Measured, Stopwatch};
use ondol_http::{Accepted, Asked, Json, Path, Problem, ServerOptions, command};
use ondol_runtime::Supervisor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::account::{Account, Ask, deposit};
use super::load;
use super::place::Place;

/// How many connections there are.
const CONNECTIONS: u64 = 256;

#[utoipa::path(post, path = "/accounts/{account}", responses((status = 200)))]
async fn ask(
    State(desk): State<Desk<Account>>,
    Path(account): Path<String>,
    asked: Asked,
    Json(ask): Json<Ask>,
) -> Result<Accepted, Problem> {
    command(&desk, &account, ask, &asked).await
}

fn accounts(running: &Running) -> Result<OpenApiRouter, NotPart> {
    Ok(OpenApiRouter::new().routes(routes!(ask)).with_state(running.desk::<Account>()?))
}

/// Sends so many commands over HTTP. The client runs on a thread of its own.
pub(crate) fn commands(runtime: &Runtime, count: u64) -> anyhow::Result<Measured> {
    let service = || Service::named("bank.account").aggregate::<Account>();
    let app = App::named("bank").service(service().http(accounts));
    let (stop, stopped) = watch::channel(false);
    let (address, served) = runtime.block_on(async {
        let place = Place::on_disk(&service())?;
        let supervisor = Supervisor::new();
        let homes = vec![(&app.services()[0], place.home.clone())];
        let stage = Stage::raise(&app, homes, None, &supervisor)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut served = JoinSet::new();
        served.spawn(async move {
            let options = ServerOptions::default();
            let ended = ondol_http::serve(listener, stage.router, options, stopped).await;
            place.close().await?;
            anyhow::Ok(ended?)
        });
        anyhow::Ok((address, served))
    })?;
    let client = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(load(address, count))
    });
    let measured = client.join().ok().context("the client panicked")??;
    stop.send_replace(true);
    runtime.block_on(async move {
        let mut served = served;
        served.join_next().await.context("it was begun")??
    })?;
    Ok(measured)
}

async fn load(address: SocketAddr, count: u64) -> anyhow::Result<Measured> {
    let mut lines: JoinSet<anyhow::Result<Latencies>> = JoinSet::new();
    let each = count / CONNECTIONS;
    let watch = Stopwatch::start();
    for line in 0..CONNECTIONS {
        lines.spawn(async move { one_line(address, line * each, each).await });
    }
    let mut latencies = Latencies::new();
    while let Some(line) = lines.join_next().await {
        latencies.merge(line??);
    }
    let rate = watch.rate(each * CONNECTIONS);
    Ok(Measured::new(rate).also("p99", "ms", latencies.millis(0.99)))
}

/// Sends commands over one connection, each when the one before is answered.
async fn one_line(address: SocketAddr, from: u64, count: u64) -> anyhow::Result<Latencies> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut latencies, mut buffer) = (Latencies::new(), vec![0; 4_096]);
    for number in from..from + count {
        let body = serde_json::to_string(&deposit(number))?;
        let request = format!(
            "POST /accounts/{} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
             idempotency-key: {number}\r\ncontent-length: {}\r\n\r\n{body}",
            load::account_of(number),
            body.len()
        );
        let watch = Stopwatch::start();
        stream.write_all(request.as_bytes()).await?;
        answer(&mut stream, &mut buffer).await?;
        latencies.record(watch.elapsed());
    }
    Ok(latencies)
}

/// Reads one answer to its end, which has to be a yes.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> anyhow::Result<()> {
    let mut read = 0;
    loop {
        let more = stream.read(&mut buffer[read..]).await?;
        anyhow::ensure!(more > 0, "the server has hung up");
        read += more;
        let text = std::str::from_utf8(&buffer[..read])?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{text}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.context("an answer says how long it is")?.parse()? {
            return Ok(());
        }
    }
}
