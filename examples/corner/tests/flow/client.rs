//! A client that knows nothing but HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Long enough for anything that comes, however busy the machine is.
pub(crate) const LONG: Duration = Duration::from_secs(120);

pub(crate) type Client = hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>;

pub(crate) fn client() -> Client {
    hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http()
}

pub(crate) fn free_address() -> SocketAddr {
    ondol_testkit::servers::free_address().expect("a free port")
}

/// Asks again until it is answered: the same key takes effect once.
pub(crate) async fn post(client: &Client, url: &str, key: &str) {
    let mut again = tokio::time::interval(Duration::from_millis(20));
    let posting = async {
        while send(client, Method::POST, url, key).await.is_err() {
            again.tick().await;
        }
    };
    tokio::time::timeout(LONG, posting).await.expect("in time");
}

pub(crate) async fn send(
    client: &Client,
    method: Method,
    url: &str,
    key: &str,
) -> Result<Value, String> {
    let text = text(client, method, url, key).await?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// What is answered, as it is.
pub(crate) async fn text(
    client: &Client,
    method: Method,
    url: &str,
    key: &str,
) -> Result<String, String> {
    let key = format!("\"{key}\"");
    let request = Request::builder().method(method).uri(url).header("idempotency-key", key);
    let request = request.body(Full::default()).expect("a request");
    let sent = tokio::time::timeout(Duration::from_secs(10), client.request(request)).await;
    let answered = sent.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let status = answered.status();
    let body = answered.into_body().collect().await.map_err(|error| error.to_string())?;
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    if status.is_success() { Ok(body) } else { Err(format!("{status}: {body}")) }
}
