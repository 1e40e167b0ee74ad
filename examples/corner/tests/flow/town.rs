//! A corner shop that runs, in as many processes as it is told to, and a client that knows
//! nothing but HTTP.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use http::Method;
use ondol_testkit::servers;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::client::{self, Client, LONG, free_address, post, send};
use crate::wire::{Weather, Wire};

const SERVICES: [&str; 3] = ["shop.order", "shop.stock", "shop.notice"];
const SECRET: &str = "a secret of the corner shop, for tests";

/// How the shop runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    OneProcess,
    ThreeProcesses,
    ThreeOnPostgres,
}

/// A corner shop that runs.
pub(crate) struct Town {
    folder: tempfile::TempDir,
    houses: Vec<House>,
    wires: Vec<Wire>,
    client: Client,
}

/// One process.
struct House {
    services: Vec<&'static str>,
    address: SocketAddr,
    config: PathBuf,
    child: Mutex<Option<Child>>,
}

impl Town {
    /// Starts the shop; over faulty wires, if so asked.
    pub(crate) async fn start(kind: Kind, has_wires: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let together: Vec<Vec<&str>> = match kind {
            Kind::OneProcess => vec![SERVICES.to_vec()],
            Kind::ThreeProcesses | Kind::ThreeOnPostgres => {
                SERVICES.iter().map(|service| vec![*service]).collect()
            }
        };
        let mut addresses = BTreeMap::new();
        let (mut houses, mut wires) = (Vec::new(), Vec::new());
        for services in together {
            let address = free_address();
            let mut seen = address;
            if has_wires {
                let wire = Wire::to(address).await;
                seen = wire.address;
                wires.push(wire);
            }
            addresses.extend(services.iter().map(|service| (*service, seen)));
            let config = folder.path().join(format!("{}.toml", services[0]));
            houses.push(House { services, address, config, child: Mutex::default() });
        }
        let database =
            (kind == Kind::ThreeOnPostgres).then(|| servers::postgres().fresh_database());
        for house in &houses {
            let text = house.settings(&addresses, database.as_deref());
            std::fs::write(&house.config, text).expect("the settings are written");
        }
        let client = client::client();
        let town = Self { folder, houses, wires, client };
        for service in town.houses.iter().map(|house| house.services[0]) {
            town.begin(service).await;
        }
        town
    }

    /// Starts the process of a service, and waits until it answers.
    pub(crate) async fn begin(&self, service: &str) {
        let house = self.house(service);
        let mut command = Command::new(env!("CARGO_BIN_EXE_corner"));
        command.current_dir(self.folder.path()).env_clear();
        command.arg("--config").arg(&house.config).arg("serve").args(&house.services);
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        *house.child.lock().await = Some(command.spawn().expect("it can be started"));
        let url = format!("http://{}/openapi.json", house.address);
        self.until(|| async { self.try_send(Method::GET, &url, "").await.is_ok() }).await;
    }

    /// Kills the process of a service, as the system does.
    pub(crate) async fn kill(&self, service: &str) {
        let mut child = self.house(service).child.lock().await.take().expect("it runs");
        child.kill().await.expect("it can be killed");
    }

    /// Tells every process to stop, and waits until it has. Then the view is what a replay makes of
    /// the logs it was folded from.
    pub(crate) async fn stop(self) {
        // The notices first: what they fold, the others tell.
        for house in self.houses.iter().rev() {
            house.stop().await;
            if house.services == ["shop.notice"] {
                self.weather(Weather::Fair);
                self.the_view_equals_its_replay(house).await;
            }
        }
    }

    async fn the_view_equals_its_replay(&self, house: &House) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_corner"));
        command.current_dir(self.folder.path()).env_clear().kill_on_drop(true);
        command.arg("--config").arg(&house.config).args(["view", "verify", "shop.notice", "way"]);
        let output = tokio::time::timeout(LONG, command.output()).await.expect("in time");
        let output = output.expect("it can be run");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the view is what a replay makes of the logs: {said}");
    }

    /// From now on all wires do this.
    pub(crate) fn weather(&self, weather: Weather) {
        self.wires.iter().for_each(|wire| wire.is(weather));
    }

    /// Waits until the weather has met a message on one wire at least, unless it is fair.
    pub(crate) async fn weather_was_met(&self, weather: Weather) {
        let met = || async { self.wires.iter().any(Wire::has_met) };
        if weather != Weather::Fair {
            self.until(met).await;
        }
    }

    pub(crate) async fn fill(&self, item: &str, pieces: u32) {
        self.post("shop.stock", &format!("/shelves/{item}/{pieces}"), &format!("fill {item}"))
            .await;
    }

    pub(crate) async fn place(&self, item: &str, orders: u32) {
        self.place_from(item, 0, orders).await;
    }

    /// Places orders, all at once: of one to three pieces, and now and then of too many.
    pub(crate) async fn place_from(&self, item: &str, first: u32, orders: u32) {
        let mut placing = JoinSet::new();
        for number in first..first + orders {
            let path = format!("/orders/o{number}/{item}/{}", pieces(number));
            let url = format!("http://{}{path}", self.house("shop.order").address);
            let client = self.client.clone();
            placing.spawn(async move { post(&client, &url, &format!("place o{number}")).await });
        }
        placing.join_all().await;
    }

    /// Waits until each order has come to its end: confirmed, with a letter written and the view
    /// knowing of it; or given back and cancelled.
    pub(crate) async fn settled(&self, orders: u32) {
        for number in 0..orders {
            let pieces = u64::from(pieces(number));
            self.until(|| async move {
                let cancelled =
                    self.get("shop.order", &format!("/orders/o{number}/cancelled")).await;
                if is_too_large(number) {
                    return cancelled.as_u64() >= Some(1);
                }
                let order = self.get("shop.order", &format!("/orders/o{number}")).await;
                let letter = self.get("shop.notice", &format!("/letters/o{number}")).await;
                let way = self.get("shop.notice", &format!("/ways/o{number}")).await;
                order["second"].as_u64() >= Some(1)
                    && letter.as_u64() >= Some(1)
                    && way["first"] == pieces
                    && way["second"] == pieces
            })
            .await;
        }
    }

    /// Everything has followed once: what could be sent was confirmed, and what could not be was
    /// given back.
    pub(crate) async fn books_are_right(&self, item: &str, filled: u32, orders: u32) {
        let mut ordered = 0;
        for number in 0..orders {
            let is_sent = !is_too_large(number);
            ordered += if is_sent { pieces(number) } else { 0 };
            let once = u32::from(is_sent);
            let order = self.get("shop.order", &format!("/orders/o{number}")).await;
            assert_eq!((&order["first"], &order["second"]), (&pieces(number).into(), &once.into()));
            let letter = self.get("shop.notice", &format!("/letters/o{number}")).await;
            assert_eq!(letter, once, "one letter for o{number}, if it is sent");
            let cancelled = self.get("shop.order", &format!("/orders/o{number}/cancelled")).await;
            assert_eq!(cancelled, u32::from(!is_sent), "o{number} is cancelled if it is not");
        }
        let shelf = self.get("shop.stock", &format!("/shelves/{item}")).await;
        assert_eq!(shelf["second"], ordered, "{shelf}");
        assert_eq!(shelf["first"], filled - ordered, "nothing is lost, nothing is made: {shelf}");
    }

    async fn until<F: Future<Output = bool>>(&self, is_so: impl Fn() -> F) {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let waiting = async {
            while !is_so().await {
                look.tick().await;
            }
        };
        tokio::time::timeout(LONG, waiting).await.expect("in time");
    }

    fn house(&self, service: &str) -> &House {
        let mut houses = self.houses.iter();
        houses.find(|house| house.services.contains(&service)).expect("it has a house")
    }

    async fn get(&self, service: &str, path: &str) -> Value {
        let url = format!("http://{}{path}", self.house(service).address);
        self.try_send(Method::GET, &url, "").await.unwrap_or_default()
    }

    async fn post(&self, service: &str, path: &str, key: &str) {
        let url = format!("http://{}{path}", self.house(service).address);
        post(&self.client, &url, key).await;
    }

    async fn try_send(&self, method: Method, url: &str, key: &str) -> Result<Value, String> {
        send(&self.client, method, url, key).await
    }
}

impl House {
    async fn stop(&self) {
        let mut child = self.child.lock().await.take().expect("it runs");
        let pid = child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.is_ok_and(|sent| sent.success()), "the signal can be sent");
        let ended = tokio::time::timeout(LONG, child.wait()).await.expect("in time");
        assert!(ended.expect("it ends").success(), "{:?} stopped in order", self.services);
    }

    fn settings(&self, at: &BTreeMap<&str, SocketAddr>, database: Option<&str>) -> String {
        let mut text = format!("data = {:?}\n", self.services[0]);
        let mut add = |line: String| writeln!(text, "{line}").expect("a text takes it");
        add(format!("[http]\nlisten = \"{}\"", self.address));
        add("[admin]\nlisten = \"127.0.0.1:0\"".to_owned());
        add(format!("[bus]\nsecret = {SECRET:?}"));
        if let Some(url) = database {
            add("[log]\nengine = \"postgres\"\n[views]\nengine = \"postgres\"".to_owned());
            add(format!("[postgres]\nurl = {url:?}"));
        }
        for (service, address) in at.iter().filter(|(name, _)| !self.services.contains(name)) {
            add(format!("[services.{service:?}]\nurl = \"http://{address}\""));
        }
        text
    }
}

fn pieces(order: u32) -> u32 {
    if is_too_large(order) { 60 } else { order % 3 + 1 }
}

/// Whether no parcel has room for an order: one in five.
const fn is_too_large(order: u32) -> bool {
    order % 5 == 4
}
