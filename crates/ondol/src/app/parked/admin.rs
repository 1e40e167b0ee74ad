//! Asking the process that runs, at its admin port.

use std::fmt::Write as _;
use std::time::Duration;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::failure::Failure;
use crate::Config;

/// How long an answer may take: a stream that is worked off may be long.
const LONGEST: Duration = Duration::from_secs(600);
/// How many bytes an answer may have.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

pub(in crate::app) async fn get<T: DeserializeOwned>(
    config: &Config,
    path: &str,
) -> Result<T, Failure> {
    ask(config, &Method::GET, path, "").await
}

pub(in crate::app) async fn post<T: DeserializeOwned>(
    config: &Config,
    path: &str,
    body: &impl Serialize,
) -> Result<T, Failure> {
    let body = serde_json::to_string(body).map_err(std::io::Error::from)?;
    ask(config, &Method::POST, path, &body).await
}

/// A part of a path or a query as it is written.
pub(in crate::app) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            written.push(char::from(byte));
        } else {
            write!(written, "%{byte:02X}").expect("a text takes what is written to it");
        }
    }
    written
}

async fn ask<T: DeserializeOwned>(
    config: &Config,
    method: &Method,
    path: &str,
    body: &str,
) -> Result<T, Failure> {
    let asking = tokio::time::timeout(LONGEST, sent(config, method, path, body));
    let answer = asking.await.map_err(|late| Failure::Admin(std::io::Error::other(late)))?;
    let answer = answer.map_err(Failure::Admin)?;
    let broken = || Failure::Admin(std::io::ErrorKind::InvalidData.into());
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    if head.split(' ').nth(1) == Some("200") {
        return serde_json::from_str(body).map_err(|_not_ours| broken());
    }
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    let said = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    Err(Failure::Refused { code: said("code"), detail: said("detail") })
}

/// One request on a connection of its own, and all that comes back.
async fn sent(config: &Config, method: &Method, path: &str, body: &str) -> std::io::Result<String> {
    let address = config.admin.listen;
    let mut stream = TcpStream::connect(address).await?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.0\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).await?;
    Ok(answer)
}
