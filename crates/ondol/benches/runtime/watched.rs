//! A runtime on whose threads everything is told, as in a program of the house: traces at the
//! usual share, kept in memory, and lines from `info` on.

use std::cell::RefCell;
use std::sync::Arc;

use ondol::{Logging, OtlpOptions, TraceOptions};
use ondol_doors::{SystemClock, SystemRng};
use ondol_telemetry::{Telemetry, Telling, listener};
use tokio::runtime::{Builder, Runtime};
use tracing::dispatcher::{DefaultGuard, set_default, with_default};

thread_local! {
    /// What makes this thread tell, for as long as it lives.
    static TELLS: RefCell<Option<DefaultGuard>> = const { RefCell::new(None) };
}

/// Does work on such a runtime, which is gone afterwards: what runs next is not listened to.
pub(crate) fn watched<T>(work: impl FnOnce(&Runtime) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let telling = Telling {
        program: "bench",
        logging: &Logging::default(),
        traces: &TraceOptions::default(),
        otlp: &OtlpOptions::default(),
    };
    let (listens, telemetry) = listener(telling, Arc::new(SystemClock::start()), &SystemRng)?;
    let Telemetry { traces, .. } = telemetry;
    let of_threads = listens.clone();
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .on_thread_start(move || TELLS.set(Some(set_default(&of_threads))))
        .on_thread_stop(|| drop(TELLS.take()))
        .build()?;
    let done = with_default(&listens, || work(&runtime))?;
    anyhow::ensure!(traces.bytes() > 0, "something is kept");
    Ok(done)
}
