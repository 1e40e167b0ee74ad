//! Tokens given to clients that ask for themselves, over HTTP: the provider as it is served, each
//! token in the audit log before it is answered, and a client that does as little as can be done.

use std::net::SocketAddr;

use anyhow::Context as _;
use ondol_bench::{Bench, Latencies, Measured, Stopwatch};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::house;

/// How many connections there are.
const CONNECTIONS: u64 = 64;
const BODY: &str = "grant_type=client_credentials&scope=accounts";

const CLIENT: &str = r#"
[[clients]]
id = "atm"
secret_sha256 = "SECRET"
scopes = ["accounts"]
grants = ["client_credentials"]
roles = ["teller"]
"#;

pub(crate) fn case<'a>(bench: &mut Bench<'a>, runtime: &'a Runtime) {
    let count = bench.size(40_000, 1_280);
    let case = bench.case("client credentials").unit("tokens/s");
    let case = case.setting("concurrency", format!("{CONNECTIONS} connections"));
    let case = case.setting("payload", format!("forms of {} bytes", BODY.len()));
    case.measure(move || tokens(runtime, count));
}

fn tokens(runtime: &Runtime, count: u64) -> anyhow::Result<Measured> {
    let secret = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"secret");
    let settings = CLIENT.replace("SECRET", &ondol_auth::encode(secret));
    house::asked(runtime, &settings, move |address| load(address, count))
}

async fn load(address: SocketAddr, count: u64) -> anyhow::Result<Measured> {
    let mut lines: JoinSet<anyhow::Result<Latencies>> = JoinSet::new();
    let each = count / CONNECTIONS;
    let watch = Stopwatch::start();
    for _ in 0..CONNECTIONS {
        lines.spawn(one_line(address, each));
    }
    let mut latencies = Latencies::new();
    while let Some(line) = lines.join_next().await {
        latencies.merge(line??);
    }
    let rate = watch.rate(each * CONNECTIONS);
    Ok(Measured::new(rate).also("p99", "ms", latencies.millis(0.99)))
}

/// Asks over one connection, each time when the question before is answered.
async fn one_line(address: SocketAddr, count: u64) -> anyhow::Result<Latencies> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "POST /oauth2/token HTTP/1.1\r\nhost: bench\r\n\
         content-type: application/x-www-form-urlencoded\r\n\
         authorization: Basic YXRtOnNlY3JldA==\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let (mut latencies, mut buffer) = (Latencies::new(), vec![0; 8_192]);
    for _ in 0..count {
        let watch = Stopwatch::start();
        stream.write_all(request.as_bytes()).await?;
        answer(&mut stream, &mut buffer).await?;
        latencies.record(watch.elapsed());
    }
    Ok(latencies)
}

/// Reads one answer to its end, which has to hold a token.
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
            anyhow::ensure!(body.contains("\"access_token\""), "{body}");
            return Ok(());
        }
    }
}
