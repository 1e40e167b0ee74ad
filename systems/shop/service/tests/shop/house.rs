//! A shop in this process, on stores in memory; the outside world and the issuer of tokens are
//! asked over real HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use ondol::{Between, Config, Section, Stage};
use ondol_doors::{Clock as _, SystemClock, SystemRng};
use ondol_http::ServerOptions;
use ondol_runtime::{Ground, Home, ReactionOptions, ServiceOptions, Supervisor};
use ondol_store::{Limits, LogEpoch, MemoryStore};
use ondol_timers::MemoryTimers;
use ondol_vault::read_or_make_secret;
use ondol_views::MemoryViews;
use outside::{Change, Hook, Provider, World};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use super::issuer::Issuer;

pub(crate) const SECRET: &str = "a secret for letters, in tests";
/// Long enough for anything that comes, however busy the machine is.
const LONG: Duration = Duration::from_secs(120);

/// A shop that runs.
pub(crate) struct House {
    pub(crate) world: World,
    router: Router,
    issuer: Issuer,
    tokens: Mutex<BTreeMap<String, String>>,
    clock: Arc<SystemClock>,
    keys: AtomicU32,
    stage: Stage,
    supervisor: Supervisor,
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
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn location(&self) -> &str {
        let location = self.headers.get("location").and_then(|value| value.to_str().ok());
        location.unwrap_or_default()
    }
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

fn settings(outside: SocketAddr, jwks: SocketAddr) -> BTreeMap<String, Section> {
    let access = format!("[access]\njwks = \"http://{jwks}/keys\"\n");
    let breaker = |failures: u32| {
        format!("[breaker]\nfailures = {failures}\nopen_ms = 200\nanswer_ms = 1000\n")
    };
    let texts = [
        (
            "shop.catalog",
            format!(
                "recommendation = \"http://{outside}/recommendation\"\n{}{access}",
                breaker(10)
            ),
        ),
        ("shop.stock", access.clone()),
        ("shop.order", access.clone()),
        (
            "shop.payment",
            format!("provider = \"http://{outside}/payment\"\n{}{access}", breaker(3)),
        ),
        ("shop.shipping", format!("carrier = \"http://{outside}/carrier\"\n{}", breaker(5))),
    ];
    let section = |text: &str| Section(toml::from_str(text).expect("settings"));
    texts.iter().map(|(service, text)| ((*service).to_owned(), section(text))).collect()
}

fn home(service: &str, clock: &Arc<SystemClock>) -> Home {
    let epoch: LogEpoch = LogEpoch::named(service);
    let ground = Ground {
        store: Arc::new(MemoryStore::new(epoch, Limits::default())),
        clock: clock.clone(),
        rng: Arc::new(SystemRng),
    };
    Home {
        ground,
        views: Arc::new(MemoryViews::default()),
        timers: Arc::new(MemoryTimers::default()),
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        let (supervisor, clock) = (Supervisor::new(), Arc::new(SystemClock::start()));
        let world = World::new(clock.clone(), Arc::new(SystemRng));
        world.start(&supervisor);
        let outside = serve(&supervisor, outside::router(world.clone())).await;
        let (issuer, tokens) = (Issuer::new(), Mutex::default());
        let jwks = serve(&supervisor, issuer.router()).await;
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().join("shop.shipping");
        std::fs::create_dir_all(&own).expect("a folder");
        let secret = || Zeroizing::new(SECRET.as_bytes().to_vec());
        let made = read_or_make_secret(&own.join("carrier.secret"), secret);
        drop(made.expect("it can be written"));
        let settings = settings(outside, jwks);
        let config = Config { data: folder.path().to_owned(), settings, ..Config::default() };
        let app = shop::app();
        let homes: Vec<_> = app
            .services()
            .iter()
            .map(|hosted| (hosted, home(hosted.service().name(), &clock)))
            .collect();
        let pause_max = Duration::from_millis(100);
        let reaction = ReactionOptions { pause_max, ..ReactionOptions::default() };
        let options = ServiceOptions { reaction, ..ServiceOptions::default() };
        let between = Between::of(config);
        let stage = Stage::raise_among(&app, homes, Some(&options), &between, &supervisor);
        let stage = stage.expect("it comes up");
        let router = stage.router.clone();
        let address = serve(&supervisor, router.clone()).await;
        let hook =
            Hook { url: format!("http://{address}/hooks/carrier"), secret: SECRET.to_owned() };
        world.hook(Provider::Carrier, Some(hook)).expect("it can be told");
        Self { world, router, issuer, tokens, clock, keys: AtomicU32::new(0), stage, supervisor }
    }

    /// What it says of itself at `/metrics`.
    pub(crate) fn numbers(&self) -> String {
        self.stage.health.numbers()
    }

    pub(crate) async fn close(self) {
        drop(self.stage);
        self.supervisor.shut_down().await.expect("nothing has failed");
    }

    pub(crate) fn set(&self, provider: Provider, change: &Change) {
        self.world.change(provider, change).expect("it can be set");
    }

    pub(crate) fn running(&self) -> Duration {
        self.clock.running()
    }

    pub(crate) fn now_seconds(&self) -> u64 {
        self.clock.now().as_unix_millis() / 1_000
    }

    /// A token for somebody, the same each time; `ops` runs the shop.
    fn token(&self, who: &str) -> String {
        let mut tokens = self.tokens.lock().expect("nobody has panicked");
        let token = tokens.entry(who.to_owned());
        token.or_insert_with(|| self.issuer.token(who, self.now_seconds())).clone()
    }

    /// Asks as somebody, or as nobody.
    pub(crate) async fn ask(
        &self,
        who: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !who.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token(who)));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(body).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("it answers");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("it is whole").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body, text }
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.ask(who, Method::GET, path, &[], None).await
    }

    pub(crate) async fn send(&self, who: &str, method: Method, path: &str, body: Value) -> Answer {
        let key = format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed));
        let body = (!body.is_null()).then_some(body);
        self.ask(who, method, path, &[("idempotency-key", &key)], body).await
    }

    /// Offers a product, with so many pieces on its shelf; its id.
    pub(crate) async fn offer(&self, ko: &str, en: &str, category: &str, won: i64) -> String {
        let body = json!({
            "names": { "ko": ko, "en": en },
            "category": category,
            "price": { "amount": won.to_string(), "currency": "KRW" },
        });
        let listed = self.send("ops", Method::POST, "/api/v1/products", body).await;
        assert_eq!(listed.status, 201, "{}", listed.text);
        let product = listed.location().rsplit('/').next().expect("an id").to_owned();
        // The order service has heard of it when it can be put into a cart.
        let path = format!("/api/v1/cart/{product}");
        self.until(|| async {
            let put = self.send("somebody", Method::PUT, &path, json!({ "pieces": 1 })).await;
            put.status == 200
        })
        .await;
        product
    }

    pub(crate) async fn deliver(&self, product: &str, pieces: u32) {
        let path = format!("/api/v1/stock/{product}/deliveries");
        let body = json!({ "note": format!("note for {product}"), "pieces": pieces });
        let answer = self.send("ops", Method::POST, &path, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    pub(crate) async fn put(&self, who: &str, product: &str, pieces: u32) {
        let path = format!("/api/v1/cart/{product}");
        let answer = self.send(who, Method::PUT, &path, json!({ "pieces": pieces })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    pub(crate) async fn check_out(&self, who: &str, means: &str) -> Answer {
        self.send(who, Method::POST, "/api/v1/orders", check_out(means)).await
    }

    /// Buys some of a product; where the order is.
    pub(crate) async fn buy(&self, who: &str, product: &str, pieces: u32, means: &str) -> String {
        self.put(who, product, pieces).await;
        let bought = self.check_out(who, means).await;
        assert_eq!(bought.status, 201, "{}", bought.text);
        bought.location().to_owned()
    }

    /// Waits until an order has come to one of these states, and answers it.
    pub(crate) async fn until_state(&self, who: &str, order: &str, states: &[&str]) -> Value {
        let found = tokio::sync::Mutex::new(Value::Null);
        self.until(|| async {
            let answer = self.get(who, order).await;
            let state = answer.body["state"].as_str().unwrap_or_default();
            let is_there = states.contains(&state);
            if is_there {
                *found.lock().await = answer.body;
            }
            is_there
        })
        .await;
        found.into_inner()
    }

    pub(crate) async fn available(&self, product: &str) -> u64 {
        let levels = self.get("", &format!("/api/v1/stock?ids={product}")).await;
        levels.body[0]["available"].as_u64().expect("a number")
    }

    /// What the provider knows of an order: each payment's status and amount.
    pub(crate) async fn payments(&self, order: &str) -> Vec<(String, i64)> {
        let reference = order.rsplit('/').next().expect("an id");
        let world = outside::router(self.world.clone());
        let path = format!("/payment/payments?reference={reference}");
        loop {
            let request = Request::get(&path).body(Body::empty()).expect("a request");
            let response = world.clone().oneshot(request).await.expect("it answers");
            if !response.status().is_success() {
                continue;
            }
            let Ok(body) = response.into_body().collect().await else { continue };
            let body: Value = serde_json::from_slice(&body.to_bytes()).expect("JSON");
            let list = body["payments"].as_array().expect("a list");
            let payment = |own: &Value| {
                let status = own["status"].as_str().expect("a status").to_owned();
                (status, own["amount"].as_i64().expect("an amount"))
            };
            return list.iter().map(payment).collect();
        }
    }

    /// Waits until the provider knows this of an order.
    pub(crate) async fn until_payments(&self, order: &str, expected: &[(&str, i64)]) {
        let expected: Vec<_> =
            expected.iter().map(|(status, amount)| ((*status).to_owned(), *amount)).collect();
        self.until(|| async { self.payments(order).await == expected }).await;
    }

    pub(crate) async fn until<F: Future<Output = bool>>(&self, is_so: impl Fn() -> F) {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        let waiting = async {
            while !is_so().await {
                look.tick().await;
            }
        };
        tokio::time::timeout(LONG, waiting).await.expect("in time");
    }
}

pub(crate) fn check_out(means: &str) -> Value {
    json!({ "region": "ASIA", "pay_with": means, "send_to": "SEOUL-04" })
}
