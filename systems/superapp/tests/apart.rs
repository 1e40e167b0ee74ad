//! The dial: each service of the shop as a process of its own, the identity provider and the bank
//! beside them, between them nothing but HTTP; on a disk with SQLite, and on PostgreSQL. Only the
//! settings differ.

#[path = "../../shop/service/tests/shop/issuer.rs"]
mod issuer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use issuer::Issuer;
use ondol_doors::{Clock as _, SystemClock, SystemRng};
use ondol_http::ServerOptions;
use ondol_runtime::Supervisor;
use ondol_testkit::servers;
use outside::{Hook, Provider, World};
use saga_proof::{Answer, Town};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Who runs where: seven processes.
const APART: [&[&str]; 7] = [
    &["shop.catalog"],
    &["shop.stock"],
    &["shop.order"],
    &["shop.payment"],
    &["shop.shipping"],
    &["identity"],
    &["bank.account", "bank.fraud", "bank.savings", "bank.transfer"],
];
/// Long enough for anything that comes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The shop in several processes, and what is around it.
struct Street {
    town: Town,
    world: World,
    issuer: Issuer,
    clock: SystemClock,
    supervisor: Supervisor,
}

async fn serve(supervisor: &Supervisor, router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    supervisor.start("http", |stop| async move {
        let served = ondol_http::serve(listener, router, ServerOptions::default(), stop).await;
        served.map_err(|error| error.to_string())
    });
    address.to_string()
}

/// What all processes are told of whom they ask, and whom they believe.
fn settings(outside: &str, jwks: &str) -> String {
    let breaker = "breaker = { failures = 3, open_ms = 200, answer_ms = 2000 }";
    let access = format!("access = {{ jwks = \"http://{jwks}/keys\" }}");
    format!(
        "[settings.\"shop.catalog\"]\nrecommendation = \"http://{outside}/recommendation\"\n\
         {breaker}\n{access}\n[settings.\"shop.stock\"]\n{access}\n\
         [settings.\"shop.order\"]\n{access}\n\
         [settings.\"shop.payment\"]\nprovider = \"http://{outside}/payment\"\n{breaker}\n{access}\n\
         [settings.\"shop.shipping\"]\ncarrier = \"http://{outside}/carrier\"\n{breaker}\n"
    )
}

impl Street {
    async fn open(database: Option<&str>) -> Self {
        let (supervisor, clock) = (Supervisor::new(), SystemClock::start());
        let world = World::new(Arc::new(SystemClock::start()), Arc::new(SystemRng));
        world.start(&supervisor);
        let outside = serve(&supervisor, outside::router(world.clone())).await;
        let issuer = Issuer::new();
        let jwks = serve(&supervisor, issuer.router()).await;
        let groups = APART.map(|group| (group, database));
        let program = Path::new(env!("CARGO_BIN_EXE_superapp"));
        let whole = settings(&outside, &jwks);
        let town = Town::start_upon(program, &groups, &whole, "").await.expect("it comes up");
        let secret = town.data("shop.shipping").join("carrier.secret");
        let secret = std::fs::read_to_string(secret).expect("the counter has a secret");
        let counter = town.address("shop.shipping").expect("it runs");
        let url = format!("http://{counter}/hooks/carrier");
        let hook = Hook { url, secret: secret.trim().to_owned() };
        world.hook(Provider::Carrier, Some(hook)).expect("letters can be sent there");
        Self { town, world, issuer, clock, supervisor }
    }

    async fn is(&self, who: &str) {
        let now = self.clock.now().as_unix_millis() / 1_000;
        self.town.speak_for(&self.issuer.token(who, now)).await;
    }

    /// Waits for an answer that is good.
    async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        let waiting = async {
            while !is_so().await {
                look.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .unwrap_or_else(|_over| unreachable!("{what}"));
    }

    async fn offers_tea(&self) -> String {
        self.is("ops").await;
        let listing = json!({
            "names": { "ko": "녹차", "en": "Green tea" },
            "category": "tea",
            "price": { "amount": "15000", "currency": "KRW" },
        });
        let listed = self.town.insist("shop.catalog", "/api/v1/products", "list", &listing).await;
        let listed: Answer = listed.expect("it is listed");
        let tea = listed.location.rsplit('/').next().expect("an id").to_owned();
        let path = format!("/api/v1/stock/{tea}/deliveries");
        let delivery = json!({ "note": "n", "pieces": 9 });
        self.town.insist("shop.stock", &path, "deliver", &delivery).await.expect("it is delivered");
        tea
    }

    /// Buys, once the shop has heard of what is bought; where the order is.
    async fn buys(&self, tea: &str, key: &str, means: &str) -> String {
        self.is("kim").await;
        let path = format!("/api/v1/cart/{tea}");
        let attempt = std::sync::atomic::AtomicU32::new(0);
        self.until("the order service has heard of the tea", async || {
            // An answer stands under its key, so whoever asks anew has a new one.
            let attempt = attempt.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let key = format!("{key} put {attempt}");
            let put = self.town.put("shop.order", &path, &key, &json!({ "pieces": 1 })).await;
            put.is_ok_and(|answer| answer.status == 200)
        })
        .await;
        let terms = json!({ "region": "ASIA", "pay_with": means, "send_to": "SEOUL-04" });
        let order = self.town.insist("shop.order", "/api/v1/orders", key, &terms).await;
        order.expect("it is ordered").location
    }

    async fn comes_to(&self, order: &str, state: &str) {
        self.until(&format!("{order} is {state}"), async || {
            let found = self.town.get("shop.order", order).await;
            found.is_ok_and(|answer| answer.body["state"] == state)
        })
        .await;
    }

    async fn closes(self) {
        self.town.stop_all().await.expect("every process stops in order");
        self.supervisor.shut_down().await.expect("nothing has failed");
    }
}

/// Orders come to the door or to nothing through seven processes, one of which is killed meanwhile.
async fn orders_find_their_way(database: Option<&str>) {
    let street = Street::open(database).await;
    assert!(street.town.houses() >= 4, "they are apart");
    let tea = street.offers_tea().await;
    let order = street.buys(&tea, "first", "card-good").await;
    street.comes_to(&order, "delivered").await;
    let declined = street.buys(&tea, "second", "card-declined").await;
    street.comes_to(&declined, "cancelled").await;
    // The one that leads them is killed in the middle of it, and goes on.
    let third = street.buys(&tea, "third", "card-good").await;
    let leads = APART.iter().position(|group| group.contains(&"shop.order")).expect("it is there");
    street.town.kill(leads).await.expect("it runs");
    street.town.begin(leads).await.expect("it comes up again");
    street.comes_to(&third, "delivered").await;
    let counts = street.world.counts(Provider::Payment);
    assert_eq!(counts.effects, 4, "two payments, each made and taken once: {counts:?}");
    street
        .until("the shelf knows", async || {
            let levels = street.town.get("shop.stock", &format!("/api/v1/stock?ids={tea}")).await;
            levels.is_ok_and(|answer| answer.body[0]["available"] == 7)
        })
        .await;
    let log = street.town.ledger("shop.order").await;
    if database.is_none() {
        // A log on a disk is looked at while it is held, and has it all.
        let kinds = log.expect("it can be read");
        assert_eq!(kinds.kinds().get("order.delivered"), Some(&2), "{:?}", kinds.kinds());
    }
    let bank = street.town.get("bank.account", "/openapi.json").await.expect("the bank is there");
    assert_ne!(bank.body, Value::Null);
    street.closes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_find_their_way_through_seven_processes_on_a_disk() {
    orders_find_their_way(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_find_their_way_through_seven_processes_on_postgresql() {
    let database = servers::postgres().fresh_database();
    orders_find_their_way(Some(database.as_str())).await;
}
