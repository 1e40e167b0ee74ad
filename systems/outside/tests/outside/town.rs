//! A world that answers on a port of its own, and a client that knows nothing but HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ondol_doors::{SeededRng, SystemClock};
use ondol_http::ServerOptions;
use ondol_runtime::Supervisor;
use outside::{Change, Counts, Provider, World, router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Long enough for anything that comes, however busy the machine is.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A world that runs in this process.
pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) client: Asker,
    supervisor: Supervisor,
}

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }

    pub(crate) fn is_replayed(&self) -> bool {
        self.headers.get("idempotency-replayed").is_some_and(|value| value == "true")
    }
}

impl Town {
    pub(crate) async fn start() -> Self {
        let (clock, rng) = (Arc::new(SystemClock::start()), Arc::new(SeededRng::new(1)));
        let (world, supervisor) = (World::new(clock, rng), Supervisor::new());
        world.start(&supervisor);
        let address = serve(&supervisor, router(world.clone())).await;
        Self { world, client: Asker::at(address), supervisor }
    }

    pub(crate) fn set(&self, provider: Provider, change: &Change) {
        self.world.change(provider, change).expect("it can be set");
    }

    pub(crate) fn counts(&self) -> Counts {
        self.world.counts(Provider::Payment)
    }

    pub(crate) async fn stop(self) {
        self.supervisor.shut_down().await.expect("nothing has failed");
    }
}

pub(crate) async fn serve(supervisor: &Supervisor, router: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let options =
        ServerOptions { drain_longest: Duration::from_millis(100), ..ServerOptions::default() };
    supervisor.start("http", |stop| async move {
        ondol_http::serve(listener, router, options, stop).await.map_err(|error| error.to_string())
    });
    address
}

impl Asker {
    pub(crate) fn at(address: SocketAddr) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { url: format!("http://{address}"), client }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], String::new()).await.expect("it answers")
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: Value) -> Answer {
        self.try_post(path, key, &body).await.expect("it answers")
    }

    pub(crate) async fn try_post(
        &self,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Answer, String> {
        self.send(Method::POST, path, &[("idempotency-key", key)], body.to_string()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body)).expect("a request");
        let sent = tokio::time::timeout(LONG, self.client.request(request)).await;
        let response = sent.map_err(|error| error.to_string())?;
        let (parts, body) = response.map_err(|error| error.to_string())?.into_parts();
        let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body, text })
    }
}

pub(crate) fn payment(reference: &str, amount: i64) -> Value {
    json!({ "reference": reference, "amount": amount, "currency": "KRW", "means": "card-good" })
}

/// Waits until something is so.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.expect("in time");
}
