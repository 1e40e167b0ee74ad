//! A bank that runs as a process of its own, and a client that knows nothing but HTTP.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ondol_testkit::servers;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// A bank that runs.
pub(crate) struct Bank {
    folder: tempfile::TempDir,
    settings: Vec<String>,
    process: tokio::sync::Mutex<Option<Process>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

struct Process {
    child: Child,
    http: String,
    admin: String,
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
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }
}

impl Bank {
    /// Starts a bank with these settings, in a folder or a database of its own.
    pub(crate) async fn start(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut settings: Vec<String> = settings.iter().map(|text| (*text).to_owned()).collect();
        if settings.iter().any(|setting| setting == "log.engine=postgres") {
            settings.push(format!("postgres.url={}", servers::postgres().fresh_database()));
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        let bank = Self { folder, settings, process: tokio::sync::Mutex::default(), client };
        bank.begin().await;
        bank
    }

    /// Starts the process, and waits until it is ready.
    pub(crate) async fn begin(&self) {
        let process = begin(self.folder.path(), &self.settings).await.expect("it comes up");
        let admin = process.admin.clone();
        *self.process.lock().await = Some(process);
        loop {
            let answer = self.try_send(Method::GET, &format!("{admin}/readyz"), &[], None).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Tells the process to stop, waits until it has, and says how it ended.
    pub(crate) async fn stop(&self) {
        let mut process = self.process.lock().await.take().expect("it runs");
        signal(&process.child, "-TERM");
        let ended = process.child.wait().await.expect("it can be waited for");
        assert!(ended.success(), "it stopped in order: {ended}");
    }

    /// Kills the process, as the system does.
    pub(crate) async fn kill(&self) {
        let mut process = self.process.lock().await.take().expect("it runs");
        process.child.kill().await.expect("it can be killed");
    }

    /// Compares both views with a replay, on the command line, while the bank does not run.
    pub(crate) async fn views_equal_a_replay(&self) {
        for view in ["balance", "statement"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
            command.current_dir(self.folder.path()).env_clear();
            for setting in &self.settings {
                command.args(["--set", setting]);
            }
            command.args(["view", "verify", "bank.account", view, "--output", "json"]);
            let done = command.output().await.expect("it can be started");
            let told: Value = serde_json::from_slice(&done.stdout).unwrap_or_default();
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(done.status.success() && told["differing"] == 0, "{view}: {told} {said}");
            assert!(told["documents"].as_u64() > Some(0), "{view}: {told}");
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_after(path, "").await
    }

    /// Asks for what shows at least what a token speaks of.
    pub(crate) async fn get_after(&self, path: &str, token: &str) -> Answer {
        let headers = [("ondol-after", token)];
        let headers = if token.is_empty() { &headers[..0] } else { &headers };
        let url = format!("{}{path}", self.http().await);
        self.try_send(Method::GET, &url, headers, None).await.expect("it answers")
    }

    pub(crate) async fn admin(&self, path: &str) -> (u16, String) {
        let admin = self.process.lock().await.as_ref().expect("it runs").admin.clone();
        let request = Request::get(format!("{admin}{path}")).body(Full::default());
        let response = self.client.request(request.expect("a request")).await.expect("it answers");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("it is whole").to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: Value) -> Answer {
        self.post_with(path, &[("idempotency-key", key)], body).await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        self.try_post(path, headers, &body).await.expect("it answers")
    }

    pub(crate) async fn try_post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer, String> {
        let http = self.process.lock().await.as_ref().map(|process| process.http.clone());
        let url = format!("{}{path}", http.ok_or("it does not run")?);
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers.iter().filter(|(name, _)| *name != "content-type"));
        if let Some(other) = headers.iter().find(|(name, _)| *name == "content-type") {
            all[0] = *other;
        }
        let body = match body {
            Value::String(raw) => raw.clone(),
            body => body.to_string(),
        };
        self.try_send(Method::POST, &url, &all, Some(body)).await
    }

    async fn http(&self) -> String {
        self.process.lock().await.as_ref().expect("it runs").http.clone()
    }

    async fn try_send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.unwrap_or_default())).expect("a request");
        let response = self.client.request(request);
        let response = tokio::time::timeout(Duration::from_secs(30), response).await;
        let response = response.map_err(|error| error.to_string())?;
        let (parts, body) = response.map_err(|error| error.to_string())?.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}

/// Starts the process and waits until it listens; otherwise, what it has said.
async fn begin(folder: &Path, settings: &[String]) -> Result<Process, Vec<String>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
    command.current_dir(folder).env_clear();
    for setting in ["http.listen=127.0.0.1:0", "admin.listen=127.0.0.1:0", "logging.format=json"] {
        command.args(["--set", setting]);
    }
    for setting in settings {
        command.args(["--set", setting]);
    }
    command.args(["serve", "bank.account"]).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("the bank can be started");
    let mut told = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut before = Vec::new();
    while let Some(line) = told.next_line().await.expect("it is text") {
        let value: Value = serde_json::from_str(&line).unwrap_or_default();
        if value["message"] == "listening" {
            let address = |name: &str| format!("http://{}", value[name].as_str().unwrap_or(""));
            let (http, admin) = (address("http"), address("admin"));
            let mut reading = JoinSet::new();
            reading.spawn(async move { while let Ok(Some(_)) = told.next_line().await {} });
            return Ok(Process { child, http, admin, _reading: reading });
        }
        before.push(line);
    }
    Err(before)
}

fn signal(child: &Child, signal: &str) {
    let pid = child.id().expect("it runs").to_string();
    let sent = std::process::Command::new("kill").args([signal, &pid]).status();
    assert!(sent.is_ok_and(|sent| sent.success()), "the signal can be sent");
}
