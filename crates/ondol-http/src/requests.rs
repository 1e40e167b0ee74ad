//! How many requests there were and how long they took, by method, route and answer: never by path.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ondol_doors::Clock;

/// How many series there are at most; what comes on top is counted under no route.
pub const SERIES_MAX: usize = 1_000;
/// The route of whatever has none, or came when there were enough.
const OTHER: &str = "_OTHER";
/// What the counts are called, as OpenTelemetry has it.
pub const REQUEST_SECONDS: &str = "http_server_request_duration_seconds";
/// Up to how many milliseconds each bucket counts.
pub const BOUNDS_MS: [u64; 14] =
    [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

/// A method and the status of an answer.
type Answered = (&'static str, u16);

/// Counts requests. Cheap to clone.
#[derive(Clone)]
pub struct Requests {
    clock: Arc<dyn Clock>,
    routes: Arc<RwLock<Routes>>,
}

#[derive(Default)]
struct Routes {
    by_route: BTreeMap<String, BTreeMap<Answered, Arc<Series>>>,
    series: usize,
}

#[derive(Default)]
struct Series {
    buckets: [AtomicU64; BOUNDS_MS.len()],
    count: AtomicU64,
    nanos: AtomicU64,
}

impl Requests {
    /// None yet, timed by this clock.
    pub fn timed_by(clock: Arc<dyn Clock>) -> Self {
        Self { clock, routes: Arc::default() }
    }

    /// For how long the clock has been running.
    pub(crate) fn running(&self) -> Duration {
        self.clock.running()
    }

    /// One more request was answered, that began when the clock had been running so long.
    pub(crate) fn count(&self, route: Option<&str>, answered: Answered, since: Duration) {
        let long = self.clock.running().saturating_sub(since);
        let series = self.series(route.unwrap_or(OTHER), answered);
        let at = BOUNDS_MS.iter().position(|bound| long <= Duration::from_millis(*bound));
        if let Some(at) = at {
            series.buckets[at].fetch_add(1, Ordering::Relaxed);
        }
        let nanos = u64::try_from(long.as_nanos()).unwrap_or(u64::MAX);
        series.nanos.fetch_add(nanos, Ordering::Relaxed);
        series.count.fetch_add(1, Ordering::Relaxed);
    }

    fn series(&self, route: &str, answered: Answered) -> Arc<Series> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let known = routes.by_route.get(route).and_then(|of| of.get(&answered));
        if let Some(known) = known {
            return Arc::clone(known);
        }
        drop(routes);
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let route = if routes.series < SERIES_MAX { route } else { OTHER };
        let of = routes.by_route.entry(route.to_owned()).or_default();
        let before = of.len();
        let series = Arc::clone(of.entry(answered).or_default());
        let more = of.len() - before;
        routes.series += more;
        series
    }

    /// The counts, in Prometheus' format.
    pub fn numbers(&self) -> String {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let help = "How long requests took, by method, route and answer.";
        let mut text =
            format!("# HELP {REQUEST_SECONDS} {help}\n# TYPE {REQUEST_SECONDS} histogram\n");
        for (route, of) in &routes.by_route {
            for ((method, status), series) in of {
                let labels = format!(
                    "http_request_method=\"{method}\",http_response_status_code=\"{status}\",\
                     http_route=\"{}\"",
                    route.replace('\\', "\\\\").replace('"', "\\\"")
                );
                series.write(&labels, &mut text).expect("a text takes what is written to it");
            }
        }
        text
    }
}

impl Series {
    fn write(&self, labels: &str, text: &mut String) -> fmt::Result {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (mut below, count) = (0, read(&self.count));
        for (bound, bucket) in BOUNDS_MS.iter().zip(&self.buckets) {
            below += read(bucket);
            let le = Duration::from_millis(*bound).as_secs_f64();
            // One that is being counted at this moment may be in a bucket already.
            writeln!(
                text,
                "{REQUEST_SECONDS}_bucket{{{labels},le=\"{le}\"}} {}",
                below.min(count)
            )?;
        }
        let sum = Duration::from_nanos(read(&self.nanos)).as_secs_f64();
        writeln!(text, "{REQUEST_SECONDS}_bucket{{{labels},le=\"+Inf\"}} {count}")?;
        writeln!(text, "{REQUEST_SECONDS}_sum{{{labels}}} {sum}")?;
        writeln!(text, "{REQUEST_SECONDS}_count{{{labels}}} {count}")
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
