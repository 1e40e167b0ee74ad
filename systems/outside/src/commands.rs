//! The command line: start the world, look at it, change how it behaves.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use http::Method;
use ondol_doors::{SystemClock, SystemRng};
use ondol_http::ServerOptions;
use ondol_runtime::Supervisor;
use ondol_telemetry::Logging;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::remote::Remote;
use crate::{Change, Hook, Provider, World, router};

/// Where the world stands when nobody says.
const USUAL: &str = "http://127.0.0.1:9090";
/// How many connections it takes at once.
const CONNECTIONS_MAX: usize = 4_096;

/// The outside world: providers whose failures are set while they run.
#[derive(Debug, Parser)]
#[command(name = "outside", version)]
pub struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Starts all providers, until it is told to stop.
    Run {
        /// Where they answer: an address of this machine only.
        #[arg(long, default_value = "127.0.0.1:9090")]
        listen: SocketAddr,
        /// The folder in which they remember; without one, they forget.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Shows how providers behave, and what they have counted.
    Show {
        /// Of this one only.
        provider: Option<Provider>,
        /// Where the world stands.
        #[arg(long, default_value = USUAL)]
        at: String,
    },
    /// Changes how a provider behaves; what is not said stays.
    Set {
        /// Which one.
        provider: Provider,
        #[command(flatten)]
        change: Change,
        /// Where the world stands.
        #[arg(long, default_value = USUAL)]
        at: String,
    },
    /// Has a provider behave well again.
    Mend {
        /// Which one.
        provider: Provider,
        /// Where the world stands.
        #[arg(long, default_value = USUAL)]
        at: String,
    },
    /// Has somebody told of what happens at a provider.
    Hook {
        /// Which one.
        provider: Provider,
        /// Where letters are sent.
        url: String,
        /// The file with the secret that they are signed with.
        #[arg(long)]
        secret_file: PathBuf,
        /// Where the world stands.
        #[arg(long, default_value = USUAL)]
        at: String,
    },
}

impl Command {
    /// Does what was asked.
    ///
    /// # Errors
    /// When that cannot be done.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.verb {
            Verb::Run { listen, data } => run(listen, data).await,
            Verb::Show { provider, at } => {
                let path = provider.map(|own| format!("/{own}")).unwrap_or_default();
                tell(&at, Method::GET, &path, String::new()).await
            }
            Verb::Set { provider, change, at } => {
                let change = serde_json::to_string(&change)?;
                tell(&at, Method::PATCH, &format!("/{provider}"), change).await
            }
            Verb::Mend { provider, at } => {
                tell(&at, Method::DELETE, &format!("/{provider}"), String::new()).await
            }
            Verb::Hook { provider, url, secret_file, at } => {
                let secret = std::fs::read_to_string(&secret_file)
                    .with_context(|| format!("cannot read {}", secret_file.display()))?;
                let hook = Hook { url, secret: secret.trim().to_owned() };
                let body = json!({ "url": hook.url, "secret": hook.secret }).to_string();
                tell(&at, Method::PUT, &format!("/{provider}/hook"), body).await
            }
        }
    }
}

async fn run(listen: SocketAddr, data: Option<PathBuf>) -> anyhow::Result<()> {
    if !listen.ip().is_loopback() {
        bail!(
            "{listen} can be reached from elsewhere, and whoever reaches it can change the world"
        );
    }
    ondol_telemetry::begin(&Logging::default())?;
    let (clock, rng) = (Arc::new(SystemClock::start()), Arc::new(SystemRng));
    let world = match data {
        Some(folder) => World::open(&folder, clock, rng)?,
        None => World::new(clock, rng),
    };
    let listener = TcpListener::bind(listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {listen}"))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let supervisor = Supervisor::new();
    world.start(&supervisor);
    tracing::info!(http = %listener.local_addr()?, "listening");
    let options = ServerOptions { connections_max: CONNECTIONS_MAX, ..ServerOptions::default() };
    let router = router(world);
    supervisor.start("http", |stop| async move {
        ondol_http::serve(listener, router, options, stop).await.map_err(|error| error.to_string())
    });
    tokio::select! {
        _told = terminate.recv() => {}
        _told = interrupt.recv() => {}
        () = supervisor.stopping() => {}
    }
    let ended = supervisor.shut_down().await;
    ended.map_err(|end| anyhow::anyhow!("{} has ended: {:?}", end.task, end.ending))
}

async fn tell(at: &str, method: Method, path: &str, body: String) -> anyhow::Result<()> {
    let url = format!("{}/control{path}", at.trim_end_matches('/'));
    let sent = Remote::new().send(method, &url, &[], body).await;
    let (status, body) = sent.with_context(|| format!("the world at {at} does not answer"))?;
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    if !status.is_success() {
        let message = said["error"]["message"].as_str().or(said["detail"].as_str());
        bail!("{status}: {}", message.unwrap_or("no reason is given"));
    }
    if !said.is_null() {
        writeln!(io::stdout(), "{said:#}")?;
    }
    Ok(())
}
