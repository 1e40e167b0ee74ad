//! A corner shop in one process on the disk, its command line, and curl.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use ondol_bus_http::Secret;
use ondol_doors::{Clock, SystemClock};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::client::{self, Client, LONG, free_address, post, send, text};

const SECRET: &str = "a secret of the corner shop, for tests";

/// A shop that runs.
pub(crate) struct Shop {
    folder: tempfile::TempDir,
    http: SocketAddr,
    admin: SocketAddr,
    child: Child,
    client: Client,
}

/// An event as it was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// Somebody who listens: curl.
pub(crate) struct Heard {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Shop {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same, with more in its settings.
    pub(crate) async fn start_with(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (http, admin) = (free_address(), free_address());
        let settings = format!(
            "[http]\nlisten = \"{http}\"\n[admin]\nlisten = \"{admin}\"\n[bus]\nsecret = {SECRET:?}\n{more}"
        );
        std::fs::write(folder.path().join("ondol.toml"), settings).expect("they are written");
        let mut command = Self::command(&folder);
        command.arg("up").stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("it can be started");
        let shop = Self { folder, http, admin, child, client: client::client() };
        shop.until(|| async {
            let url = format!("http://{admin}/readyz");
            text(&shop.client, Method::GET, &url, "").await.is_ok()
        })
        .await;
        shop
    }

    fn command(folder: &tempfile::TempDir) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_corner"));
        command.current_dir(folder.path()).env_clear().kill_on_drop(true);
        command
    }

    /// Runs the program with these words; says whether it was done, and what it wrote.
    pub(crate) async fn run<S: AsRef<str>>(&self, words: &[S]) -> (bool, String, String) {
        let mut command = Self::command(&self.folder);
        command.args(words.iter().map(AsRef::as_ref));
        let output = tokio::time::timeout(LONG, command.output()).await.expect("in time");
        let output = output.expect("it can be run");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), said(&output.stdout), said(&output.stderr))
    }

    /// What the program answers in JSON.
    pub(crate) async fn told<S: AsRef<str>>(&self, words: &[S]) -> Value {
        let (is_done, out, error) = self.run(words).await;
        assert!(is_done, "{error}");
        serde_json::from_str(&out).expect("it is JSON")
    }

    pub(crate) async fn post(&self, path: &str, key: &str) {
        post(&self.client, &format!("http://{}{path}", self.http), key).await;
    }

    pub(crate) async fn reserved(&self, item: &str) -> u64 {
        let url = format!("http://{}/shelves/{item}", self.http);
        let shelf = send(&self.client, Method::GET, &url, "").await.unwrap_or_default();
        shelf["second"].as_u64().unwrap_or_default()
    }

    pub(crate) const fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    pub(crate) async fn admin(&self, path: &str) -> Value {
        let url = format!("http://{}{path}", self.admin);
        send(&self.client, Method::GET, &url, "").await.expect("it is answered")
    }

    /// Has something done over the admin port; the answer, or why it was not done.
    pub(crate) async fn order(&self, path: &str, body: &Value) -> Result<Value, String> {
        let url = format!("http://{}{path}", self.admin);
        let request = Request::post(url).header("content-type", "application/json");
        let request = request.body(Full::from(body.to_string())).expect("a request");
        let answered = self.client.request(request).await.expect("it is answered");
        let status = answered.status();
        let body = answered.into_body().collect().await.expect("it is whole").to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        if !status.is_success() {
            return Err(format!("{status} {body}"));
        }
        Ok(serde_json::from_str(&body).expect("it is JSON"))
    }

    pub(crate) async fn readiness(&self) -> String {
        let url = format!("http://{}/readyz", self.admin);
        text(&self.client, Method::GET, &url, "").await.expect("it takes requests")
    }

    pub(crate) async fn numbers(&self) -> String {
        let url = format!("http://{}/metrics", self.admin);
        text(&self.client, Method::GET, &url, "").await.expect("it is told")
    }

    fn curl_to(&self, service: &str, token: &str) -> Command {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--no-buffer", "--header"]).kill_on_drop(true);
        curl.arg(format!("authorization: Bearer {token}"));
        curl.arg(format!("http://{}/bus/{service}/feed", self.http));
        curl
    }

    /// Listens to the feed of a service with curl, after an event if one is named.
    pub(crate) async fn listen(&self, service: &str, after: Option<&str>) -> Heard {
        let secret = Secret::new(SECRET).expect("it is long enough");
        let token = secret.token("shop.listener", SystemClock::start().now()).to_string();
        let mut curl = self.curl_to(service, &token);
        curl.args(["--header", "accept: text/event-stream"]);
        if let Some(after) = after {
            curl.arg("--header").arg(format!("last-event-id: {after}"));
        }
        let mut child = curl.stdout(Stdio::piped()).spawn().expect("curl is there");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Heard { child, lines }
    }

    /// The status and the body that curl gets with a token.
    pub(crate) async fn curl(&self, service: &str, token: &str) -> (String, String) {
        let mut curl = self.curl_to(service, token);
        let output = curl.args(["--write-out", "\n%{http_code}"]).output().await;
        let said = String::from_utf8(output.expect("curl is there").stdout).expect("a text");
        let (body, status) = said.rsplit_once('\n').expect("a status");
        (status.to_owned(), body.to_owned())
    }

    pub(crate) async fn until<F: Future<Output = bool>>(&self, is_so: impl Fn() -> F) {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let waiting = async {
            while !is_so().await {
                look.tick().await;
            }
        };
        tokio::time::timeout(LONG, waiting).await.expect("in time");
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(sent.is_ok_and(|sent| sent.success()), "the signal can be sent");
        let ended = tokio::time::timeout(LONG, self.child.wait()).await.expect("in time");
        assert!(ended.expect("it ends").success(), "it stopped in order");
    }
}

impl Heard {
    /// The next events: each has come whole once an empty line follows it.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<Told> {
        let (mut events, mut one) = (Vec::new(), Told::default());
        while events.len() < count {
            let line = tokio::time::timeout(LONG, self.lines.next_line()).await.expect("in time");
            let line = line.expect("it can be read").expect("there is more");
            match line.split_once(": ") {
                Some(("id", id)) => id.clone_into(&mut one.id),
                Some(("event", kind)) => kind.clone_into(&mut one.kind),
                Some(("data", data)) => one.data = serde_json::from_str(data).expect("JSON"),
                _ if line.is_empty() && one.data != Value::Null => {
                    events.push(std::mem::take(&mut one));
                }
                _ => {}
            }
        }
        events
    }

    pub(crate) async fn hang_up(mut self) {
        self.child.kill().await.expect("it can be ended");
    }
}
