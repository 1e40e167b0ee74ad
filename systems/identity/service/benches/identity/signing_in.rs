//! Signing in with a wrong password, over HTTP, in turn as somebody who is known and as somebody who is
//! not: how long each has to wait, by the clock on the wall.

use std::net::SocketAddr;

use anyhow::Context as _;
use ondol_bench::{Bench, Measured, Stopwatch};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::house;

const KIM: &str = "kim@example.kr";
const PASSWORD: &str = "correct horse battery";
/// Less than half of what a password costs by default, so that thousands do not take minutes; and nobody
/// is stopped for guessing.
const SETTINGS: &str = r#"
password_memory_kib = 8192
password_passes = 2
failures_account_max = 10000000
failures_address_max = 10000000

[[people]]
email = "kim@example.kr"
name = "Kim"
password = "correct horse battery"
"#;

pub(crate) fn case<'a>(bench: &mut Bench<'a>, runtime: &'a Runtime) {
    let tries = bench.size(1_000, 20);
    let case = bench.case("log-in timing").unit("ms apart");
    let case = case.setting("tries", format!("{tries} each, in turn"));
    let case = case.setting("concurrency", "one connection");
    let case = case.setting("payload", "argon2id, 8 MiB, 2 passes");
    case.measure(move || house::asked(runtime, SETTINGS, move |address| apart(address, tries)));
}

async fn apart(address: SocketAddr, tries: usize) -> anyhow::Result<Measured> {
    let mut visitor = Visitor::come(address).await?;
    // Who is there from the beginning is registered while the provider comes up.
    while visitor.tries(KIM, PASSWORD).await? != 303 {}
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for tried in 0..tries {
        let nobody = format!("nobody{tried}@example.kr");
        // Each comes first as often as the other: what drifts drifts for both.
        if tried % 2 == 0 {
            known.push(visitor.waits(KIM).await?);
            unknown.push(visitor.waits(&nobody).await?);
        } else {
            unknown.push(visitor.waits(&nobody).await?);
            known.push(visitor.waits(KIM).await?);
        }
    }
    let (known, unknown) = (median(known), median(unknown));
    let apart = Measured::new((known - unknown).abs());
    Ok(apart.also("known", "ms", known).also("unknown", "ms", unknown))
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// A browser as far as signing in needs one.
struct Visitor {
    stream: TcpStream,
    cookie: String,
    token: String,
}

impl Visitor {
    async fn come(address: SocketAddr) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(b"GET /account HTTP/1.1\r\nhost: bench\r\n\r\n").await?;
        let page = answer(&mut stream).await?;
        let part = |before: &str, after: char| {
            let (_, rest) = page.split_once(before).with_context(|| format!("no {before}"))?;
            anyhow::Ok(rest.split(after).next().unwrap_or_default().to_owned())
        };
        let cookie = part("set-cookie: ", ';')?;
        let token = part("name=\"csrf\" value=\"", '"')?;
        Ok(Self { stream, cookie, token })
    }

    /// Milliseconds until a wrong password is refused.
    async fn waits(&mut self, email: &str) -> anyhow::Result<f64> {
        let watch = Stopwatch::start();
        let status = self.tries(email, "a wrong password").await?;
        let waited = watch.elapsed().as_secs_f64() * 1e3;
        anyhow::ensure!(status == 403, "{email}: {status}");
        Ok(waited)
    }

    async fn tries(&mut self, email: &str, password: &str) -> anyhow::Result<u16> {
        let pairs = [("csrf", self.token.as_str()), ("email", email), ("password", password)];
        let body = serde_urlencoded::to_string(pairs)?;
        let request = format!(
            "POST /sign-in HTTP/1.1\r\nhost: bench\r\ncookie: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            self.cookie,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        let said = answer(&mut self.stream).await?;
        Ok(said.split(' ').nth(1).context("a status")?.parse()?)
    }
}

/// Reads one answer to its end.
async fn answer(stream: &mut TcpStream) -> anyhow::Result<String> {
    let (mut read, mut buffer) = (0, vec![0; 64 << 10]);
    loop {
        let more = stream.read(&mut buffer[read..]).await?;
        anyhow::ensure!(more > 0, "the server has hung up");
        read += more;
        let text = std::str::from_utf8(&buffer[..read])?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.context("an answer says how long it is")?.parse()? {
            return Ok(text.to_owned());
        }
    }
}
