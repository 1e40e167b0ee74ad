//! Running, reloading, stopping.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use ondol_doors::{SystemClock, SystemRng};
use ondol_gateway::{Config, Gateway, GatewayHandle, Reading, Surroundings};
use ondol_telemetry::{Exporter, Logging, Telling};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::watch::Watcher;

/// How far a reload stands back: it gets a tenth of a core that is busy, and all of one that is not.
const NICE: i32 = 10;

/// Runs a gateway until SIGTERM or SIGINT, and to the end of what is under way; a second signal
/// ends it at once.
pub(super) fn run(loaded: Loaded, file: Option<&Path>) -> anyhow::Result<()> {
    let Loaded { config, text, seen, reading } = loaded;
    let exporter = begin_to_tell(&config)?;
    if let Err(error) = ondol_gateway::raise_descriptors() {
        tracing::warn!(%error, "no more connections than at first");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let state = file.map(|file| beside(file, ".found"));
        let steered = file.map(|file| beside(file, ".steered"));
        let own = file.map(Path::to_owned);
        let around = Surroundings { state, steered, file: own, ..Surroundings::default() };
        let gateway = Gateway::with(config, around)?;
        let handle = gateway.handle();
        if let Some(text) = &text {
            handle.note_text(text, "the gateway was started");
        }
        for address in handle.addresses() {
            tracing::info!(%address, "listening");
        }
        let (over, is_over) = watch::channel(false);
        let numbers = handle.clone();
        let mut tells = JoinSet::new();
        if let Some(exporter) = exporter {
            tells.spawn(exporter.counting(move || numbers.metrics()).run(is_over));
        }
        serve(gateway, attend(&handle, file, seen, reading)).await?;
        over.send_replace(true);
        while let Some(told) = tells.join_next().await {
            told?;
        }
        Ok(())
    })
}

/// Serves while somebody attends to it, and then to the end of what is under way.
async fn serve(
    gateway: Gateway,
    attended: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let mut running = std::pin::pin!(gateway.run(stop.clone()));
    tokio::select! {
        ended = running.as_mut() => return Ok(ended?),
        ended = attended => ended?,
    }
    tracing::info!("draining");
    stop.cancel();
    tokio::select! {
        ended = running => Ok(ended?),
        again = asked_to_stop() => {
            again?;
            tracing::warn!("stopping at once");
            Ok(())
        }
    }
}

/// Begins to tell what the program does: on the error output, and to a collector if there is one.
fn begin_to_tell(config: &Config) -> anyhow::Result<Option<Exporter>> {
    let (logging, otlp) = (&Logging::default(), &config.otlp);
    if otlp.url.is_empty() {
        ondol_telemetry::begin(logging)?;
        return Ok(None);
    }
    let telling = Telling { program: "ondol-gateway", logging, traces: &config.traces, otlp };
    let clock = Arc::new(SystemClock::start());
    Ok(ondol_telemetry::begin_with_traces(telling, clock, &SystemRng)?.exporter)
}

/// Reloads as asked, until asked to stop.
async fn attend(
    handle: &GatewayHandle,
    file: Option<&Path>,
    seen: Option<String>,
    mut reading: Reading,
) -> anyhow::Result<()> {
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut watcher = file.map(|file| Watcher::start(file, seen)).transpose()?;
    let mut stop = std::pin::pin!(asked_to_stop());
    loop {
        tokio::select! {
            stopped = stop.as_mut() => return stopped,
            _ = hang_up.recv() => {}
            () = async {
                match &mut watcher {
                    Some(watcher) => watcher.changed().await,
                    None => std::future::pending().await,
                }
            } => {}
        }
        if let Some(file) = file {
            match reload_aside(handle, file, &mut reading).await {
                Ok(()) => tracing::info!(file = %file.display(), "reloaded"),
                Err(error) => {
                    tracing::error!(file = %file.display(), error = format!("{error:#}"), "the old configuration stays");
                }
            }
        }
    }
}

async fn asked_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// On a thread of its own, behind those that serve: a change may wait for a moment, a request may not.
async fn reload_aside(
    handle: &GatewayHandle,
    file: &Path,
    reading: &mut Reading,
) -> anyhow::Result<()> {
    let (handle, file) = (handle.clone(), file.to_owned());
    // Should the thread panic, nothing is known of the file any more.
    let mut known = std::mem::replace(reading, reading_of(&file));
    let (done, ended) = oneshot::channel();
    std::thread::Builder::new().name("reload".to_owned()).spawn(move || {
        // Where that is not allowed, it is only less polite.
        let _polite = rustix::process::nice(NICE);
        let outcome = reload(&handle, &file, &mut known);
        // Nobody listens any more when the gateway has been told to stop.
        drop(done.send((outcome, known)));
    })?;
    let (outcome, known) = ended.await.context("the thread of the reload panicked")?;
    *reading = known;
    outcome
}

fn reload(handle: &GatewayHandle, file: &Path, reading: &mut Reading) -> anyhow::Result<()> {
    let text = super::text(file)?;
    let config = reading.read(&text)?;
    let before = std::fs::read_to_string(last_good(file)).ok();
    // Kept before it serves: whoever has seen it serve finds it again after any end.
    keep(file, &text);
    if let Err(error) = handle.reload(config) {
        before.iter().for_each(|before| keep(file, before));
        return Err(error.into());
    }
    handle.note_text(&text, "the file has changed");
    Ok(())
}

fn reading_of(file: &Path) -> Reading {
    Reading::of(&file.display().to_string())
}

/// A configuration, and what its file held when it was read.
pub(super) struct Loaded {
    pub(super) config: Arc<Config>,
    /// What it is the text of, if it is one.
    pub(super) text: Option<String>,
    pub(super) seen: Option<String>,
    pub(super) reading: Reading,
}

impl Loaded {
    /// One that comes from no file.
    pub(super) fn without_file(config: Config) -> Self {
        Self { config: Arc::new(config), text: None, seen: None, reading: Reading::of("none") }
    }
}

/// The configuration; when it is bad or gone, the last one that was good.
pub(super) fn read_or_last_good(file: &Path) -> anyhow::Result<Loaded> {
    let mut reading = reading_of(file);
    let text = super::text(file);
    let seen = text.as_ref().ok().cloned();
    let error = match text.and_then(|text| Ok((reading.read(&text)?, text))) {
        Ok((config, text)) => {
            keep(file, &text);
            return Ok(Loaded { config, text: Some(text), seen, reading });
        }
        Err(error) => error,
    };
    let kept = last_good(file);
    if !kept.exists() {
        return Err(error);
    }
    let text = super::text(&kept)?;
    let config = Arc::new(Config::read(&kept.display().to_string(), &text)?);
    let mut stderr = std::io::stderr().lock();
    let said = std::io::Write::write_fmt(
        &mut stderr,
        format_args!("{error:#}\nrunning with the last good one, {}\n", kept.display()),
    );
    said.map(|()| Loaded { config, text: Some(text), seen, reading }).map_err(Into::into)
}

fn last_good(file: &Path) -> PathBuf {
    beside(file, ".last-good")
}

/// A file of our own beside the configuration.
fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Keeps a configuration that was good, whole or not at all.
fn keep(file: &Path, text: &str) {
    let kept = last_good(file);
    let mut new = kept.as_os_str().to_owned();
    new.push(".new");
    let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &kept));
    if let Err(error) = written {
        tracing::warn!(%error, file = %kept.display(), "the last good configuration is not kept");
    }
}
