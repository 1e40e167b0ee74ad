//! `up` and `serve`: services run until they are told to stop.
//!
//! The end has an order. First it is said on the admin port that nothing new should come; then
//! what has begun is finished; then the views write what they have folded; then the logs are
//! closed. A second signal ends it at once: what was acknowledged is safe all the same.

mod alerts;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use ondol_doors::{Clock, SystemClock, SystemRng};
use ondol_http::{Health, Readiness, ServerOptions};
use ondol_runtime::{ServiceOptions, Supervisor};
use ondol_store::BoxError;
use ondol_telemetry::objectives::Watch;
use ondol_telemetry::{Telemetry, Telling};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;
use super::{App, service};
use crate::adapters::Adapters;
use crate::{Around, Between, Config, Hosted, RaiseError, Stage, parked, sagas, timers, views};

pub(super) fn run(app: &App, config: &Config, names: &[String]) -> Result<(), Failure> {
    let chosen = service::chosen(app, names)?;
    let telemetry = begin_to_tell(app, config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|source| not_set_up("its threads", source))?;
    let outcome =
        runtime.block_on(until_told_to_stop(app, config, telemetry, (chosen, names.is_empty())));
    // What still blocks after the order to end at once is not waited for.
    runtime.shutdown_background();
    outcome
}

fn begin_to_tell(app: &App, config: &Config) -> Result<Telemetry, Failure> {
    let telling = Telling {
        program: app.name(),
        logging: &config.logging,
        traces: &config.traces,
        otlp: &config.otlp,
    };
    let clock = Arc::new(SystemClock::start());
    let told = ondol_telemetry::begin_with_traces(telling, clock, &SystemRng);
    told.map_err(|source| Failure::Process {
        what: "what is told while it runs",
        source: source.into(),
    })
}

pub(super) fn not_set_up(what: &'static str, source: std::io::Error) -> Failure {
    Failure::Process { what, source: source.into() }
}

async fn until_told_to_stop(
    app: &App,
    config: &Config,
    telemetry: Telemetry,
    (chosen, are_all): (Vec<&Hosted>, bool),
) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let (behind, front) = (Supervisor::new(), Supervisor::new());
    let public = listen("requests", config.http.listen).await?;
    let admin = listen("operators", config.admin.listen).await?;
    let stage = raise(app, config, chosen, &behind).await?;
    let health = stage.health.clone();
    let around = Around { stage: &stage, config, front: &front, behind: &behind };
    let router = match app.stands_beside().filter(|_| are_all) {
        Some(make) => make(around).map_err(|source| not_beside(app, source))?,
        None => stage.router.clone(),
    };
    tell_where(&public, &admin);
    serve(&front, "http", public, router, config.server());
    // The admin port answers until the very end, so it is served from behind.
    let operators = health.router().merge(parked::router(&stage.services));
    let operators = operators.merge(sagas::router(&stage.services));
    let operators = operators.merge(timers::router(&stage.services));
    let operators = operators.merge(views::router(&stage.services));
    let operators = operators.merge(seen(app, config, telemetry, &health, &behind)?);
    serve(&behind, "admin", admin, operators, ServerOptions::default());
    tokio::select! {
        () = signals.next() => tracing::info!("told to stop: nothing new is taken"),
        () = front.stopping() => tracing::error!("the front has failed: all stop"),
        () = behind.stopping() => tracing::error!("what is needed has failed: all stop"),
    }
    let unready = Duration::from_millis(config.http.unready_ms);
    tokio::select! {
        ended = end(&health, unready, front, behind, stage) => ended,
        () = signals.next() => {
            tracing::warn!("told to stop again: ending now");
            Ok(())
        }
    }
}

/// Watches over objectives and tells the collector, and answers what operators ask of traces and
/// objectives.
fn seen(
    app: &App,
    config: &Config,
    telemetry: Telemetry,
    health: &Health,
    behind: &Supervisor,
) -> Result<Router, Failure> {
    let numbers = health.clone();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let courier = alerts::courier(app, config, Arc::clone(&clock), behind)?;
    let watch = Watch::new(config.objectives.clone(), clock, move || numbers.numbers());
    let watch = watch.with_silences(alerts::silences(config)?);
    let router = ondol_telemetry::router(&telemetry.traces).merge(watch.router());
    behind.start("objectives", |stop| async move {
        watch.run(courier, stop).await;
        Ok(())
    });
    if let Some(exporter) = telemetry.exporter {
        let numbers = health.clone();
        behind.start("what the collector is told", |stop| async move {
            exporter.counting(move || numbers.numbers()).run(stop).await;
            Ok(())
        });
    }
    Ok(router)
}

/// Brings up the services in the homes that the configuration gives them.
pub(super) async fn raise(
    app: &App,
    config: &Config,
    chosen: Vec<&Hosted>,
    supervisor: &Supervisor,
) -> Result<Stage, Failure> {
    let adapters = Adapters::new(config.clone());
    let mut homes = Vec::with_capacity(chosen.len());
    let mut duties = BTreeMap::new();
    for hosted in chosen {
        let name = hosted.service.name();
        let (home, duty) = adapters.shared_home(name, supervisor).await?;
        duties.insert(name.to_owned(), duty);
        homes.push((hosted, home));
    }
    let options = ServiceOptions {
        desk: config.desk(),
        reader: config.reader(),
        ..ServiceOptions::default()
    };
    let between = Between::of(config.clone()).sharing(duties);
    Ok(Stage::raise_among(app, homes, Some(&options), &between, supervisor)?)
}

fn not_beside(app: &App, source: BoxError) -> RaiseError {
    RaiseError::Front { service: app.name().to_owned(), source }
}

async fn end(
    health: &Health,
    unready: Duration,
    front: Supervisor,
    behind: Supervisor,
    stage: Stage,
) -> Result<(), Failure> {
    health.set("app", Readiness::Draining);
    SystemClock::start().sleep(unready).await;
    stage.no_more_waiting.send_replace(true);
    let drained = front.shut_down().await;
    let written = behind.shut_down().await;
    // Closing a log writes what waits and may block, so nobody else waits for it here.
    let closed = tokio::task::spawn_blocking(move || drop(stage)).await;
    tracing::info!("stopped");
    drained.and(written).map_err(Failure::Task)?;
    closed.map_err(|source| Failure::Process { what: "its end", source: source.into() })
}

async fn listen(what: &'static str, address: SocketAddr) -> Result<TcpListener, Failure> {
    let listening = TcpListener::bind(address).await;
    listening.map_err(|source| Failure::Listen { what, address, source })
}

fn tell_where(public: &TcpListener, admin: &TcpListener) {
    let address = |of: &TcpListener| of.local_addr().map(|address| address.to_string());
    let (http, admin) = (address(public), address(admin));
    let (http, admin) = (http.unwrap_or_default(), admin.unwrap_or_default());
    tracing::info!(http, admin, "listening");
}

fn serve(
    supervisor: &Supervisor,
    name: &str,
    listener: TcpListener,
    router: Router,
    options: ServerOptions,
) {
    supervisor.start(name, move |stop| async move {
        let served = ondol_http::serve(listener, router, options, stop).await;
        served.map_err(|error| error.to_string())
    });
}

/// What tells the process to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|source| not_set_up("its signals", source));
        let (terminate, interrupt) =
            (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    async fn next(&mut self) {
        tokio::select! {
            _signal = self.terminate.recv() => {}
            _signal = self.interrupt.recv() => {}
        }
    }
}
