//! A provider in this process, on stores in memory, with a clock that can be moved.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use ondol::{Between, Config, Section, Stage};
use ondol_auth::{decode_strict, encode};
use ondol_doors::{Clock, Sleep, SystemClock, SystemRng};
use ondol_http::Peer;
use ondol_kernel::{Position, Timestamp};
use ondol_runtime::{Ground, Home, Supervisor};
use ondol_store::{EventStore as _, Limits, LogEpoch, MemoryStore, ReadAll};
use ondol_timers::MemoryTimers;
use ondol_views::MemoryViews;
use serde_json::Value;
use tokio::sync::OnceCell;
use tower::ServiceExt as _;

pub(crate) const ISSUER: &str = "http://127.0.0.1:8080";
pub(crate) const BACK: &str = "https://app.example/back";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";
/// SHA-256 of `secret of …`.
const CLIENTS: &str = r#"
[[clients]]
id = "web"
name = "Ondol Web"
secret_sha256 = "WEB"
redirect_uris = ["https://app.example/back"]
post_logout_redirect_uris = ["https://app.example/bye"]
scopes = ["openid", "profile", "email", "accounts", "roles"]
grants = ["authorization_code", "refresh_token"]
is_trusted = true

[[clients]]
id = "mobile"
name = "Mobile"
redirect_uris = ["kr.ondol.app:/back", "http://127.0.0.1/back"]
scopes = ["openid", "profile"]
grants = ["authorization_code", "refresh_token", "device_code"]

[[clients]]
id = "atm"
name = "ATM"
secret_sha256 = "ATM"
scopes = ["accounts"]
grants = ["client_credentials"]
roles = ["teller"]
may_introspect = true
"#;

const CHEAP: &str = "password_memory_kib = 4096\npassword_passes = 1\n";

/// The machine's clock, further on.
#[derive(Debug)]
pub(crate) struct Later {
    clock: SystemClock,
    by_seconds: AtomicU64,
}

impl Clock for Later {
    fn now(&self) -> Timestamp {
        self.clock.now().checked_add(self.by()).expect("a date")
    }

    fn running(&self) -> Duration {
        self.clock.running() + self.by()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.clock.sleep(duration)
    }
}

impl Later {
    fn by(&self) -> Duration {
        Duration::from_secs(self.by_seconds.load(Ordering::SeqCst))
    }
}

pub(crate) struct House {
    pub(crate) folder: Arc<tempfile::TempDir>,
    pub(crate) router: Router,
    clock: Arc<Later>,
    pub(crate) stage: Stage,
    store: Arc<MemoryStore>,
    ready: OnceCell<()>,
    _supervisor: Supervisor,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn location(&self) -> String {
        let location = self.headers.get(header::LOCATION);
        location.and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// What stands in the address that this sends to.
    pub(crate) fn sent(&self, name: &str) -> Option<String> {
        let location = self.location();
        let (_, query) = location.split_once('?')?;
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).expect("a query");
        pairs.into_iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }
}

pub(crate) fn sha256(text: &str) -> String {
    encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
}

pub(crate) fn challenge() -> String {
    sha256(VERIFIER)
}

impl House {
    pub(crate) fn open() -> Self {
        Self::open_with("")
    }

    pub(crate) fn open_with(more: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let clock = Later { clock: SystemClock::start(), by_seconds: AtomicU64::new(0) };
        let epoch: LogEpoch = LogEpoch::named("a test");
        let store = Arc::new(MemoryStore::new(epoch, Limits::default()));
        Self::on((folder, Arc::new(clock), store), more)
    }

    /// Another process of the same provider: the same log and files, views and an audit log of its
    /// own.
    pub(crate) fn another(&self, more: &str) -> Self {
        let own = "audit = \"audit-2/audit.log\"\nanchors = \"audit-2/anchors\"";
        let shared = (self.folder.clone(), self.clock.clone(), self.store.clone());
        Self::on(shared, &format!("{own}\n{more}"))
    }

    fn on(
        (folder, clock, store): (Arc<tempfile::TempDir>, Arc<Later>, Arc<MemoryStore>),
        more: &str,
    ) -> Self {
        let clients = CLIENTS.replace("WEB", &sha256("secret of web"));
        let clients = clients.replace("ATM", &sha256("secret of atm"));
        let many = "failures_address_max = 1000";
        let many = if more.contains("failures_address_max") { "" } else { many };
        // The least that may be set: these tests sign in often.
        let cheap = if more.contains("password_memory_kib") { "" } else { CHEAP };
        let at_once = if more.contains("unhurried_ms") { "" } else { "unhurried_ms = 0" };
        let table = format!("{many}\n{cheap}\n{at_once}\n{more}\n{clients}");
        let section = Section(toml::from_str(&table).expect("settings"));
        let config = Config {
            data: folder.path().to_owned(),
            settings: BTreeMap::from([("identity".to_owned(), section)]),
            ..Config::default()
        };
        let (kept, rng) = (store.clone(), Arc::new(SystemRng));
        let ground = Ground { store: kept, clock: clock.clone(), rng };
        let views = Arc::new(MemoryViews::default());
        let home = Home { ground, views, timers: Arc::new(MemoryTimers::default()) };
        let (app, supervisor) = (identity::app(), Supervisor::new());
        let homes = app.services().iter().map(|hosted| (hosted, home.clone())).collect();
        let stage = Stage::raise_among(&app, homes, None, &Between::of(config), &supervisor);
        let stage = stage.expect("it comes up");
        let router = stage.router.clone();
        let ready = OnceCell::new();
        Self { folder, router, clock, stage, store, ready, _supervisor: supervisor }
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.by_seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.now().as_unix_millis() / 1_000
    }

    /// Sends no one to a house whose views do not answer yet.
    async fn is_ready(&self) {
        while !self.stage.health.is_ready() {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        self.ready.get_or_init(|| self.is_ready()).await;
        let peer: SocketAddr = "192.0.2.7:1".parse().expect("an address");
        request.extensions_mut().insert(Peer(peer));
        let response = self.router.clone().oneshot(request).await.expect("it answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("it is whole").to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// A form that a client sends; `as_client` proves it by `Basic`, if it has a secret.
    pub(crate) async fn form(&self, path: &str, as_client: &str, pairs: &[(&str, &str)]) -> Answer {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let mut pairs = pairs.to_vec();
        if ["web", "atm"].contains(&as_client) {
            let pair = format!("{as_client}:secret+of+{as_client}");
            let basic = encode(pair).replace('-', "+").replace('_', "/");
            request = request.header(header::AUTHORIZATION, format!("Basic {basic}"));
        } else if !as_client.is_empty() {
            pairs.push(("client_id", as_client));
        }
        let body = serde_urlencoded::to_string(&pairs).expect("a form");
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        self.form("/oauth2/token", "web", &pairs).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.form("/oauth2/token", "web", &pairs).await
    }

    pub(crate) async fn is_active(&self, token: &str) -> bool {
        let answer = self.form("/oauth2/introspect", "atm", &[("token", token)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()["active"] == true
    }

    /// What an interface for programs is sent, with a token.
    pub(crate) async fn api(&self, method: Method, path: &str, token: &str, body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        let request = Request::get("/oauth2/userinfo")
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Everything that stands in the log, as text.
    pub(crate) async fn log(&self) -> String {
        let page = self.store.read_all(ReadAll::after(Position::START, 10_000)).await;
        let texts = page
            .expect("it can be read")
            .events
            .into_iter()
            .map(|event| String::from_utf8_lossy(&event.data.bytes).into_owned());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// What stands in the audit log.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let file = self.folder.path().join("identity/audit/audit.log");
        let bytes = std::fs::read(file).expect("it is ours");
        let (mut records, mut rest) = (Vec::new(), bytes.as_slice());
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let (payload, after) = after.split_at(u32::from_be_bytes(*length) as usize);
            records.push(serde_json::from_slice(payload).expect("JSON"));
            rest = after.get(32..).unwrap_or_default();
        }
        records
    }

    /// The newest e-mail to somebody.
    pub(crate) fn mail_to(&self, email: &str) -> Option<String> {
        let folder =
            std::fs::read_dir(self.folder.path().join("identity/outbox")).expect("an outbox");
        let mut letters: Vec<PathBuf> =
            folder.map(|entry| entry.expect("it is there").path()).collect();
        letters.sort();
        let read = |path: &PathBuf| std::fs::read_to_string(path).expect("a letter");
        let is_to = |letter: &String| letter.contains(&format!("To: <{email}>"));
        letters.iter().rev().map(read).find(is_to)
    }

    pub(crate) fn token_in_mail(&self, email: &str) -> String {
        let mail = self.mail_to(email).expect("a letter");
        let (_, rest) = mail.split_once("token=").expect("a link in English");
        rest.split_whitespace().next().expect("a token").to_owned()
    }
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&decode_strict(claims).expect("base64url")).expect("JSON")
}

/// Whether any file under a folder holds these bytes.
pub(crate) fn files_with(folder: &Path, canary: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("it is ours") {
        let path = entry.expect("it is there").path();
        if path.is_dir() {
            found.append(&mut files_with(&path, canary));
        } else {
            let bytes = std::fs::read(&path).expect("it is ours");
            if bytes.windows(canary.len()).any(|window| window == canary) {
                found.push(path);
            }
        }
    }
    found
}
