//! The publishing service as another process: this program, started once more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::Context as _;
use ondol_bus::{About, Calls, Feed};
use ondol_bus_http::{Guarded, Guest, RemoteOptions, RemoteService, Secret, ServeOptions, router};
use ondol_domain::{Ask, Target, ask};
use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::hops::Turns;
use crate::mill::{MILL, Mill, STREAMS, TurnWheel, Wheel};

/// Tells this program to serve the service in a folder.
pub(crate) const SERVE: &str = "FEEDS_BENCH_SERVE";
const SECRET: &str = "a secret of the bench, known to everybody";

/// Serves until nobody holds its input any more.
pub(crate) async fn serve(folder: PathBuf) -> anyhow::Result<()> {
    let mill = Mill::open(&folder)?;
    // Its own commands are asked over the wire as well: only the bench does that.
    let calls = mill.running.calls();
    let (readers, callers) = (Guest::Every, Guest::Every);
    let guarded = Guarded { feed: mill.feed(), calls: Arc::new(Own(calls)), readers, callers };
    let services = BTreeMap::from([(MILL.to_owned(), guarded)]);
    let (_stop, stopped) = watch::channel(false);
    let clock = Arc::new(SystemClock::start());
    let routes = router(services, Secret::new(SECRET)?, clock, ServeOptions::default(), stopped);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    say(&listener.local_addr()?.to_string());
    let mut input = tokio::io::stdin();
    let mut rest = Vec::new();
    tokio::select! {
        served = axum::serve(listener, routes) => served?,
        ended = input.read_to_end(&mut rest) => drop(ended?),
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the program that has started this one reads it")]
fn say(address: &str) {
    println!("{address}");
}

/// Asks the service's own things under the name of the service.
#[derive(Debug)]
struct Own(Arc<dyn Calls>);

#[async_trait::async_trait]
impl Calls for Own {
    async fn ask(
        &self,
        call: &ondol_domain::Call,
        about: &About,
    ) -> Result<ondol_bus::Reply, ondol_bus::CallFailure> {
        let target = Target::Aggregate("wheel".to_owned());
        self.0.ask(&ondol_domain::Call { target, ..call.clone() }, about).await
    }

    async fn void(
        &self,
        call: &ondol_domain::Call,
        about: &About,
    ) -> Result<ondol_bus::Reply, ondol_bus::CallFailure> {
        self.0.void(call, about).await
    }
}

/// The publishing service in another process.
#[derive(Debug)]
pub(crate) struct Remote {
    _child: Child,
    service: RemoteService,
}

impl Remote {
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(SERVE, folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        let said = BufReader::new(child.stdout.take().context("it is piped")?);
        let address = said.lines().next_line().await?.context("it says where it listens")?;
        let asking = ("bench.stones", Secret::new(SECRET)?);
        let (url, options) = (format!("http://{address}"), RemoteOptions::default());
        let clock = Arc::new(SystemClock::start());
        let service = RemoteService::new(MILL, &url, asking, clock, options);
        Ok(Self { _child: child, service })
    }

    pub(crate) fn feed(&self) -> Arc<dyn Feed> {
        Arc::new(self.service.clone())
    }
}

#[async_trait::async_trait]
impl Turns for Remote {
    async fn turn_once(&self, number: u64) -> anyhow::Result<()> {
        let key = format!("wheel-{}", number % STREAMS);
        let call = ask::<Wheel>(key, TurnWheel::Turn { by: number }).call()?;
        let rng: &dyn Rng = &SystemRng;
        let about = About::new(rng.id(SystemClock::start().now()));
        self.service.ask(&call, &about).await?;
        Ok(())
    }
}
