//! The shop on logs on a disk, with the outside world beside it over HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use ondol::{Between, Config, Section, Stage};
use ondol_doors::{Clock, SystemClock, SystemRng};
use ondol_http::ServerOptions;
use ondol_kernel::{Currency, Id, Money, Version};
use ondol_runtime::{Desk, Ground, Home, Request, Supervisor};
use ondol_store_disk::{DiskStore, Doors, Options};
use ondol_timers::MemoryTimers;
use ondol_vault::read_or_make_secret;
use ondol_views::MemoryViews;
use outside::{Change, Hook, Provider, World};
use shop::BreakerTimes;
use shop_domain::product::{Command as ProductCommand, Language, Product};
use shop_domain::stock::{Command as StockCommand, Stock};
use shop_domain::{ProductId, Quantity};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

/// What the carrier signs its letters with.
const SECRET: &str = "a secret for letters in a proof";

/// A shop that runs.
#[derive(Debug)]
pub struct Floor {
    /// Its services.
    pub stage: Stage,
    /// The world outside.
    pub world: World,
    /// Where the world answers.
    pub outside: SocketAddr,
    supervisor: Supervisor,
    _folder: tempfile::TempDir,
}

impl Floor {
    /// A shop with nothing in it, whose providers are asked no more for so long once they fail.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn open(breaker: BreakerTimes) -> anyhow::Result<Self> {
        let (folder, supervisor) = (tempfile::tempdir()?, Supervisor::new());
        let clock = Arc::new(SystemClock::start());
        let world = World::new(clock.clone(), Arc::new(SystemRng));
        world.start(&supervisor);
        let outside = serve(&supervisor, outside::router(world.clone())).await?;
        let own = folder.path().join("shop.shipping");
        std::fs::create_dir_all(&own)?;
        let secret = || Zeroizing::new(SECRET.as_bytes().to_vec());
        drop(read_or_make_secret(&own.join("carrier.secret"), secret)?);
        let settings = settings(outside, breaker)?;
        let config = Config { data: folder.path().to_owned(), settings, ..Config::default() };
        let app = shop::app();
        let mut homes = Vec::new();
        for hosted in app.services() {
            homes.push((hosted, home(folder.path(), hosted.service().name(), clock.clone())?));
        }
        let stage = Stage::raise_among(&app, homes, None, &Between::of(config), &supervisor)?;
        let address = serve(&supervisor, stage.router.clone()).await?;
        let url = format!("http://{address}/hooks/carrier");
        world.hook(Provider::Carrier, Some(Hook { url, secret: SECRET.to_owned() }))?;
        world.change(Provider::Carrier, &Change { transit_ms: Some(0), ..Change::default() })?;
        Ok(Self { stage, world, outside, supervisor, _folder: folder })
    }

    /// Ends it.
    ///
    /// # Errors
    /// When something of it had ended before.
    pub async fn close(self) -> anyhow::Result<()> {
        drop(self.stage);
        let ended = self.supervisor.shut_down().await;
        ended.map_err(|end| anyhow::anyhow!("{} has ended: {:?}", end.task, end.ending))
    }

    /// Offers so many products, with so many pieces of each on the shelf.
    ///
    /// # Errors
    /// When one is refused.
    pub async fn offer(&self, count: u128, pieces: u32) -> anyhow::Result<Vec<ProductId>> {
        let service = |name: &str| self.stage.service(name).context("it runs");
        let products: Desk<Product> = service("shop.catalog")?.desk()?;
        let stocks: Desk<Stock> = service("shop.stock")?.desk()?;
        let mut offered = Vec::new();
        for number in 1..=count {
            let (product, command) = (ProductId::from_u128(number), Id::from_u128(number));
            let names = [(Language::Ko, format!("물건 {number}"))].into();
            let price = Money::new(15_000, Currency::KRW);
            let list = ProductCommand::List { names, category: "tea".to_owned(), price };
            products.handle(&product.to_string(), list, &Request::new(command)).await?;
            let pieces = Quantity::new(pieces)?;
            let receive = StockCommand::Receive { note: "bench".to_owned(), pieces };
            stocks.handle(&product.to_string(), receive, &Request::new(command)).await?;
            let listed = products.standing(&product.to_string()).await?.version;
            anyhow::ensure!(listed != Version::EMPTY, "{product} is not listed");
            offered.push(product);
        }
        Ok(offered)
    }
}

async fn serve(supervisor: &Supervisor, router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    supervisor.start("http", |stop| async move {
        let served = ondol_http::serve(listener, router, ServerOptions::default(), stop).await;
        served.map_err(|error| error.to_string())
    });
    Ok(address)
}

fn settings(
    outside: SocketAddr,
    breaker: BreakerTimes,
) -> anyhow::Result<BTreeMap<String, Section>> {
    let asks = [
        ("shop.catalog", "recommendation", "recommendation"),
        ("shop.payment", "provider", "payment"),
        ("shop.shipping", "carrier", "carrier"),
    ];
    let section = |(service, name, path): (&str, &str, &str)| {
        let mut table = toml::Table::new();
        table.insert(name.to_owned(), format!("http://{outside}/{path}").into());
        table.insert("breaker".to_owned(), toml::Value::try_from(breaker)?);
        anyhow::Ok((service.to_owned(), Section(table)))
    };
    asks.into_iter().map(section).collect()
}

fn home(folder: &Path, service: &str, clock: Arc<dyn Clock>) -> anyhow::Result<Home> {
    let log = Options::in_folder(folder.join(service).join("log"));
    let store = DiskStore::open(&log, &Doors::default())?;
    Ok(Home {
        ground: Ground { store: Arc::new(store), clock, rng: Arc::new(SystemRng) },
        views: Arc::new(MemoryViews::default()),
        timers: Arc::new(MemoryTimers::default()),
    })
}
