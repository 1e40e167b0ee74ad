//! The program on a disk of its own, the outside world and the issuer of tokens on real ports.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ondol_doors::{Clock as _, SystemClock, SystemRng};
use ondol_http::ServerOptions;
use ondol_runtime::Supervisor;
use outside::World;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::issuer::Issuer;

/// How long an answer may take on a busy machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The program, its surroundings, and a client that knows nothing but HTTP.
pub(crate) struct Program {
    issuer: Issuer,
    clock: Arc<SystemClock>,
    folder: tempfile::TempDir,
    process: Mutex<Option<Process>>,
    client: Client<HttpConnector, Full<Bytes>>,
    keys: AtomicU32,
    outside: SocketAddr,
    supervisor: Supervisor,
}

struct Process {
    child: Child,
    http: String,
    /// What it says is read to the end, so that it never waits for a reader.
    _reading: JoinSet<()>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        let location = self.headers.get("location").and_then(|value| value.to_str().ok());
        location.unwrap_or_default()
    }
}

fn settings(outside: SocketAddr, jwks: SocketAddr) -> String {
    let breaker = "breaker = { failures = 3, open_ms = 200, answer_ms = 2000 }\n";
    let access = format!("access = {{ jwks = \"http://{jwks}/keys\" }}\n");
    let asks = |what: &str, path: &str| format!("{what} = \"http://{outside}/{path}\"\n{breaker}");
    let sections = [
        ("catalog", format!("{}{access}", asks("recommendation", "recommendation"))),
        ("stock", access.clone()),
        ("order", access.clone()),
        ("payment", format!("{}{access}", asks("provider", "payment"))),
        ("shipping", asks("carrier", "carrier")),
    ];
    let section = |(name, text): &(&str, String)| format!("[settings.\"shop.{name}\"]\n{text}");
    let sections: String = sections.iter().map(section).collect();
    let listen = "[http]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n";
    format!("data = \"data\"\n{listen}[logging]\nformat = \"json\"\n{sections}")
}

async fn serve(supervisor: &Supervisor, router: Router) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let options =
        ServerOptions { drain_longest: Duration::from_millis(100), ..ServerOptions::default() };
    supervisor.start("http", |stop| async move {
        ondol_http::serve(listener, router, options, stop).await.map_err(|error| error.to_string())
    });
    address
}

impl Program {
    pub(crate) async fn start() -> Self {
        let (supervisor, clock) = (Supervisor::new(), Arc::new(SystemClock::start()));
        let world = World::new(clock.clone(), Arc::new(SystemRng));
        world.start(&supervisor);
        let outside = serve(&supervisor, outside::router(world.clone())).await;
        let issuer = Issuer::new();
        let jwks = serve(&supervisor, issuer.router()).await;
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ondol.toml"), settings(outside, jwks)).expect("a file");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (process, keys) = (Mutex::default(), AtomicU32::new(0));
        let program = Self { issuer, clock, folder, process, client, keys, outside, supervisor };
        program.begin().await;
        program
    }

    /// Starts the process and waits until it listens.
    pub(crate) async fn begin(&self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
        command.current_dir(self.folder.path()).env_clear().args(["up", "--config", "ondol.toml"]);
        command.stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the shop can be started");
        let mut told = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut before = Vec::new();
        while let Some(line) = told.next_line().await.expect("it is text") {
            let value: Value = serde_json::from_str(&line).unwrap_or_default();
            if value["message"] == "listening" {
                let http = format!("http://{}", value["http"].as_str().unwrap_or_default());
                let mut reading = JoinSet::new();
                reading.spawn(async move { while let Ok(Some(_)) = told.next_line().await {} });
                *self.process.lock().await = Some(Process { child, http, _reading: reading });
                return;
            }
            before.push(line);
        }
        unreachable!("it does not come up: {before:#?}");
    }

    /// Kills the process, as the system does.
    pub(crate) async fn kill(&self) {
        let mut process = self.process.lock().await.take().expect("it runs");
        process.child.kill().await.expect("it can be killed");
    }

    pub(crate) async fn end(self) {
        self.kill().await;
        self.supervisor.shut_down().await.expect("nothing has failed");
    }

    pub(crate) fn key(&self) -> String {
        format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// Asks as somebody, or as nobody; the error says why there is no answer.
    async fn send(
        &self,
        who: &str,
        (method, url): (Method, String),
        key: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(url);
        if !who.is_empty() {
            let token = self.issuer.token(who, self.clock.now().as_unix_millis() / 1_000);
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        let text = body.map(Value::to_string);
        if text.is_some() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Full::from(text.unwrap_or_default())).expect("a request");
        let sent = tokio::time::timeout(ANSWER_WITHIN, self.client.request(request)).await;
        let sent = sent.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let (parts, body) = sent.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    async fn try_ask(
        &self,
        who: &str,
        (method, path): (Method, &str),
        key: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let http = self.process.lock().await.as_ref().map(|process| process.http.clone());
        let url = format!("{}{path}", http.ok_or("it does not run")?);
        self.send(who, (method, url), key, body).await
    }

    /// Asks again under the same key until this comes of it, whatever ends meanwhile.
    pub(crate) async fn insist(
        &self,
        who: &str,
        (method, path): (Method, &str),
        body: &Value,
        wanted: u16,
    ) -> Answer {
        let mut key = self.key();
        loop {
            match self.try_ask(who, (method.clone(), path), &key, Some(body)).await {
                Ok(answer) if answer.status == wanted => return answer,
                // The service has not heard of it yet: that is the answer, under this key.
                Ok(answer) if answer.status == 404 => key = self.key(),
                // It is being asked already, or not ready.
                Ok(answer) => assert!([409, 503].contains(&answer.status), "{answer:?}"),
                // It was killed: nobody knows whether it was done.
                Err(_broken_off) => tokio::task::yield_now().await,
            }
        }
    }

    /// What there is, once there is an answer.
    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        loop {
            if let Ok(answer) = self.try_ask(who, (Method::GET, path), "", None).await
                && answer.status != 503
            {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    }

    /// What the payment provider knows of an order: each payment's status and amount.
    pub(crate) async fn payments(&self, order: &str) -> Vec<(String, i64)> {
        let reference = order.rsplit('/').next().expect("an id");
        let url = format!("http://{}/payment/payments?reference={reference}", self.outside);
        let found = self.send("", (Method::GET, url), "", None).await.expect("the world is there");
        let list = found.body["payments"].as_array().expect("a list").clone();
        let payment = |own: &Value| {
            let status = own["status"].as_str().expect("a status").to_owned();
            (status, own["amount"].as_i64().expect("an amount"))
        };
        list.iter().map(payment).collect()
    }
}
