//! The program, running on a disk of its own, with clients that know nothing but HTTP.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ondol_auth::encode;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// Where people are sent back to: nobody is there, and nobody goes there.
pub(crate) const BACK: &str = "https://app.example/back";
pub(crate) const BYE: &str = "https://app.example/bye";
/// Another process may take a free port before the program does.
const PORTS_TRIED_MAX: usize = 5;
/// How long an answer may take on a busy machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

const SETTINGS: &str = r#"
data = "data"
[http]
listen = "127.0.0.1:PORT"
[admin]
listen = "127.0.0.1:0"
[logging]
format = "json"
MORE
[settings.identity]
issuer = "http://127.0.0.1:PORT"
device_poll_seconds = 1
password_memory_kib = 4096
password_passes = 1
OWN
[[settings.identity.clients]]
id = "web"
name = "Ondol Web"
secret_sha256 = "WEB"
redirect_uris = ["https://app.example/back"]
post_logout_redirect_uris = ["https://app.example/bye"]
scopes = ["openid", "profile", "email", "accounts", "roles"]
grants = ["authorization_code", "refresh_token"]
is_trusted = true

[[settings.identity.clients]]
id = "mobile"
name = "Ondol 은행 앱"
redirect_uris = ["kr.ondol.app:/back", "http://127.0.0.1/back"]
scopes = ["openid", "profile", "email"]
grants = ["authorization_code", "refresh_token", "device_code"]

[[settings.identity.clients]]
id = "atm"
name = "ATM"
secret_sha256 = "ATM"
scopes = ["accounts"]
grants = ["client_credentials"]
roles = ["teller"]
may_introspect = true
"#;

/// The program.
pub(crate) struct Program {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) issuer: String,
    process: Option<Process>,
    client: Client<HttpConnector, Full<Bytes>>,
}

struct Process {
    child: Child,
    admin: String,
    /// What it says is read to the end, so that it never waits for a reader.
    _reading: JoinSet<()>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(crate) fn location(&self) -> &str {
        let location = self.headers.get(header::LOCATION);
        location.and_then(|to| to.to_str().ok()).unwrap_or_default()
    }
}

fn sha256(text: &str) -> String {
    encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
}

impl Program {
    /// Starts it in a folder of its own.
    pub(crate) async fn start() -> Self {
        Self::start_with("", "").await
    }

    /// The same, with more settings of the app, and of the provider.
    pub(crate) async fn start_with(more: &str, own: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut program = Self { folder, issuer: String::new(), process: None, client };
        let mut said = Vec::new();
        for _ in 0..PORTS_TRIED_MAX {
            let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let port = free.local_addr().expect("an address").port().to_string();
            drop(free);
            program.issuer = format!("http://127.0.0.1:{port}");
            let settings = SETTINGS.replace("PORT", &port).replace("MORE", more);
            let settings = settings.replace("OWN", own);
            let settings = settings.replace("WEB", &sha256("secret of web"));
            let settings = settings.replace("ATM", &sha256("secret of atm"));
            std::fs::write(program.folder.path().join("ondol.toml"), settings).expect("a file");
            match program.begin().await {
                Ok(()) => return program,
                Err(lines) => said = lines,
            }
        }
        unreachable!("it does not come up: {said:?}")
    }

    /// Starts the process, and waits until it is ready.
    pub(crate) async fn begin(&mut self) -> Result<(), Vec<String>> {
        let process = begin(self.folder.path()).await?;
        let ready = format!("{}/readyz", process.admin);
        self.process = Some(process);
        loop {
            let request = Request::get(&ready).body(Full::default()).expect("a request");
            if self.client.request(request).await.is_ok_and(|answer| answer.status() == 200) {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }

    /// Tells the process to stop, and waits until it has.
    pub(crate) async fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        let pid = process.child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.is_ok_and(|sent| sent.success()), "the signal can be sent");
        let ended = process.child.wait().await.expect("it can be waited for");
        assert!(ended.success(), "it stopped in order: {ended}");
    }

    /// What the same program says on the command line.
    pub(crate) async fn told(&self, words: &[&str]) -> (bool, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_identity"));
        command.current_dir(self.folder.path()).env_clear().args(words);
        let done = command.output().await.expect("it can be started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.success(), text(&done.stdout), text(&done.stderr))
    }

    /// The folder of everything that it keeps.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data/identity")
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body)).expect("a request");
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.client.request(request)).await;
        let (parts, body) = answer.expect("in time").expect("an answer").into_parts();
        let body = body.collect().await.expect("it is whole").to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    /// A form that a client with a secret sends.
    pub(crate) async fn form(&self, path: &str, client: &str, pairs: &[(&str, &str)]) -> Answer {
        let basic = encode(format!("{client}:secret+of+{client}"));
        let basic = format!("Basic {}", basic.replace('-', "+").replace('_', "/"));
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("authorization", basic.as_str()),
        ];
        let body = serde_urlencoded::to_string(pairs).expect("a form");
        self.send(Method::POST, &format!("{}{path}", self.issuer), &headers, body).await
    }

    /// The newest e-mail to somebody that still lies there, and the token in it.
    pub(crate) fn token_in_mail(&self, email: &str) -> String {
        let folder = std::fs::read_dir(self.data().join("outbox")).expect("an outbox");
        let mut letters: Vec<PathBuf> =
            folder.map(|entry| entry.expect("it is there").path()).collect();
        letters.sort();
        let read = |path: &PathBuf| std::fs::read_to_string(path).expect("a letter");
        let is_to = |letter: &String| letter.contains(&format!("To: <{email}>"));
        let letter = letters.iter().rev().map(read).find(is_to).expect("a letter to him");
        token_in(&letter)
    }
}

/// The token that stands in a letter.
pub(crate) fn token_in(letter: &str) -> String {
    use base64::Engine as _;
    let (head, body) = letter.split_once("\r\n\r\n").expect("a body");
    let body = if head.contains("Content-Transfer-Encoding: base64") {
        let lines: String = body.split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(lines).expect("base64");
        String::from_utf8(bytes).expect("text")
    } else {
        body.to_owned()
    };
    let (_, rest) = body.split_once("token=").expect("a link");
    rest.split_whitespace().next().expect("a token").to_owned()
}

/// Starts the process and waits until it listens; otherwise, what it has said.
async fn begin(folder: &Path) -> Result<Process, Vec<String>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_identity"));
    command.current_dir(folder).env_clear().arg("up").stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("it can be started");
    let mut told = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut before = Vec::new();
    while let Some(line) = told.next_line().await.expect("it is text") {
        let value: Value = serde_json::from_str(&line).unwrap_or_default();
        if value["message"] == "listening" {
            let admin = format!("http://{}", value["admin"].as_str().unwrap_or_default());
            let mut reading = JoinSet::new();
            reading.spawn(async move { while let Ok(Some(_)) = told.next_line().await {} });
            return Ok(Process { child, admin, _reading: reading });
        }
        before.push(line);
    }
    Err(before)
}
