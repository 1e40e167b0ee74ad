//! The one call with which a program begins to tell.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use ondol_doors::{Clock, Rng};
use ondol_trace::{Keep, Piece, Recorder, TARGET, is_recorded};
use tracing::{Dispatch, Level};
use tracing_subscriber::filter::{ParseError, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Layer as _, Registry};

use crate::lines::{Lines, Style};
use crate::otlp::{News, Outbox};
use crate::{Exporter, LogFormat, Logging, OtlpOptions, TraceOptions, Traces, panics};

/// Why a program cannot tell what it does.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeginError {
    /// The level is none.
    #[error("the level {level:?} cannot be read")]
    Level {
        /// What was given.
        level: String,
        /// Why it cannot.
        #[source]
        source: ParseError,
    },
    /// It tells already.
    #[error("the program tells what it does already")]
    Twice(#[from] TryInitError),
}

/// All that a program is told about telling.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// What it is called.
    pub program: &'a str,
    /// What is told, and how.
    pub logging: &'a Logging,
    /// Which traces are kept.
    pub traces: &'a TraceOptions,
    /// Where a collector is.
    pub otlp: &'a OtlpOptions,
}

/// What a program has to look at and to run once it tells what it does.
#[derive(Debug)]
pub struct Telemetry {
    /// The traces of the last while.
    pub traces: Traces,
    /// Sends to the collector, if there is one. Somebody has to run it.
    pub exporter: Option<Exporter>,
}

/// Begins to tell on the error output what the program does. Panics are told like all else.
///
/// # Errors
/// When the level cannot be read, or this was called before.
pub fn begin(logging: &Logging) -> Result<(), BeginError> {
    let lines = Lines::new(style(logging.format), io::stderr()).with_filter(level(logging)?);
    Registry::default().with(lines).try_init()?;
    panics::tell();
    Ok(())
}

/// The same, and keeps traces of what the program does.
///
/// # Errors
/// When the level cannot be read, or this was called before.
pub fn begin_with_traces(
    telling: Telling<'_>,
    clock: Arc<dyn Clock>,
    rng: &dyn Rng,
) -> Result<Telemetry, BeginError> {
    let (listens, telemetry) = listener(telling, clock, rng)?;
    listens.try_init()?;
    panics::tell();
    Ok(telemetry)
}

/// Who listens, for those that hand it to threads of their own: a bench that compares.
///
/// # Errors
/// When the level cannot be read.
pub fn listener(
    telling: Telling<'_>,
    clock: Arc<dyn Clock>,
    rng: &dyn Rng,
) -> Result<(Dispatch, Telemetry), BeginError> {
    let Telling { program, logging, traces: options, otlp } = telling;
    let level = level(logging)?;
    let traces = Traces::within(options.kept_bytes_max);
    let (exporter, outbox) = match otlp.url.is_empty() {
        true => (None, None),
        false => {
            let (exporter, outbox) = Exporter::new(program, otlp, Arc::clone(&clock));
            (Some(exporter), Some(outbox))
        }
    };
    let lines = Lines::new(style(logging.format), io::stderr()).and_to(outbox.clone());
    let lines = lines.with_filter(level);
    let keep = Arc::new(Everywhere { traces: traces.clone(), outbox });
    let recorder = Recorder::new(clock, rng, options.sampling(), keep);
    let recorder = recorder.with_filter(filter_fn(is_recorded));
    let listens = Dispatch::new(Registry::default().with(recorder).with(lines));
    Ok((listens, Telemetry { traces, exporter }))
}

/// Keeps traces in memory, and sends them to the collector if there is one.
#[derive(Debug)]
struct Everywhere {
    traces: Traces,
    outbox: Option<Outbox>,
}

impl Keep for Everywhere {
    fn keep(&self, piece: Piece) {
        let piece = Arc::new(piece);
        if let Some(outbox) = &self.outbox {
            outbox.take(News::Piece(Arc::clone(&piece)));
        }
        self.traces.push(piece);
    }
}

fn level(logging: &Logging) -> Result<Targets, BeginError> {
    let level: Result<Targets, _> = logging.level.parse();
    let level =
        level.map_err(|source| BeginError::Level { level: logging.level.clone(), source })?;
    // Whatever the level, a line knows the span of the house that it was told in.
    Ok(level.with_target(TARGET, Level::INFO))
}

fn style(format: LogFormat) -> Style {
    let is_terminal = io::stderr().is_terminal();
    match format {
        LogFormat::Json => Style::Json,
        LogFormat::Auto if !is_terminal => Style::Json,
        LogFormat::Auto | LogFormat::Text => {
            // Set to anything but nothing, it means no: https://no-color.org.
            let is_plain = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
            Style::Text { has_colour: is_terminal && !is_plain }
        }
    }
}
