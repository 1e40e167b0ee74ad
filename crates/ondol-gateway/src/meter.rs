//! What is counted, in series whose number the configuration decides and no client can.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use ondol_resilience::PhaseState;

use crate::policy::Counted;
use crate::snapshot::Snapshot;

/// Upper ends of the buckets of durations, in microseconds.
const BUCKETS: [u64; 12] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    5_000_000,
];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// What is counted of a route.
#[derive(Debug, Default)]
pub(crate) struct RouteMeter {
    classes: [AtomicU64; 5],
    buckets: [AtomicU64; 12],
    micros: AtomicU64,
    bytes: AtomicU64,
    incomplete: AtomicU64,
    retries: AtomicU64,
}

impl RouteMeter {
    /// A request has been answered.
    pub(crate) fn answered(&self, status: StatusCode, took: Duration, bytes: u64, complete: bool) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.classes[class].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = BUCKETS.iter().position(|end| micros <= *end) {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if !complete {
            self.incomplete.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All of it, for people.
    pub(crate) fn told(&self) -> serde_json::Value {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let buckets: Vec<u64> = self.buckets.iter().map(count).collect();
        let classes = CLASSES.iter().zip(&self.classes);
        let classes = classes.map(|(class, counter)| ((*class).to_owned(), count(counter).into()));
        serde_json::json!({
            "answers": classes.collect::<serde_json::Map<_, _>>(),
            "buckets": buckets,
            "bucket_ends_micros": BUCKETS,
            "incomplete": count(&self.incomplete),
            "retries": count(&self.retries),
            "bytes": count(&self.bytes),
        })
    }

    /// A request is sent once more.
    pub(crate) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }
}

/// All meters, by the names of what they measure. They outlive configurations.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    routes: Mutex<BTreeMap<Arc<str>, Arc<RouteMeter>>>,
    reasons: Mutex<BTreeMap<&'static str, u64>>,
    observed: Mutex<BTreeMap<&'static str, u64>>,
    /// What policies have counted.
    pub(crate) policies: Counted,
    /// Connections now open.
    pub(crate) connections: AtomicU64,
    /// Idle connections closed because their places were needed.
    pub(crate) connections_evicted: AtomicU64,
    /// Configurations taken over.
    pub(crate) reloads: AtomicU64,
    /// Configurations refused.
    pub(crate) reloads_refused: AtomicU64,
    /// Times that a source of instances could not be asked.
    pub(crate) sources_failed: AtomicU64,
}

impl Meters {
    /// The meter of a route.
    pub(crate) fn route(&self, name: &str) -> Arc<RouteMeter> {
        let mut routes = self.routes.lock().expect("nobody panics while holding the meters");
        Arc::clone(routes.entry(name.into()).or_default())
    }

    /// The gateway has answered itself, for this reason.
    pub(crate) fn refused(&self, reason: &'static str) {
        let mut reasons = self.reasons.lock().expect("nobody panics while holding the meters");
        *reasons.entry(reason).or_default() += 1;
    }

    /// How often it has answered itself, by the reason.
    pub(crate) fn reasons(&self) -> BTreeMap<&'static str, u64> {
        self.reasons.lock().expect("nobody panics while holding the meters").clone()
    }

    /// A policy that only watches would have refused a request, for this reason.
    pub(crate) fn observed(&self, reason: &'static str) {
        let mut observed = self.observed.lock().expect("nobody panics while holding the meters");
        *observed.entry(reason).or_default() += 1;
    }

    /// Forgets routes that are no more, so that their number does not grow with reloads.
    pub(crate) fn keep_routes(&self, keep: impl Fn(&str) -> bool) {
        let mut routes = self.routes.lock().expect("nobody panics while holding the meters");
        routes.retain(|name, _| keep(name));
        drop(routes);
        self.policies.tidy();
    }

    /// Everything, as Prometheus reads it.
    pub(crate) fn write(&self, out: &mut String) -> std::fmt::Result {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        writeln!(out, "# TYPE ondol_gateway_connections gauge")?;
        writeln!(out, "ondol_gateway_connections {}", count(&self.connections))?;
        writeln!(out, "# TYPE ondol_gateway_connections_evicted_total counter")?;
        let evicted = count(&self.connections_evicted);
        writeln!(out, "ondol_gateway_connections_evicted_total {evicted}")?;
        writeln!(out, "# TYPE ondol_gateway_reloads_total counter")?;
        writeln!(out, "ondol_gateway_reloads_total{{outcome=\"taken\"}} {}", count(&self.reloads))?;
        let refused = count(&self.reloads_refused);
        writeln!(out, "ondol_gateway_reloads_total{{outcome=\"refused\"}} {refused}")?;
        writeln!(out, "# TYPE ondol_gateway_sources_failed_total counter")?;
        writeln!(out, "ondol_gateway_sources_failed_total {}", count(&self.sources_failed))?;
        writeln!(out, "# TYPE ondol_gateway_refusals_total counter")?;
        let reasons = self.reasons.lock().expect("nobody panics while holding the meters").clone();
        for (reason, number) in reasons {
            writeln!(out, "ondol_gateway_refusals_total{{reason=\"{reason}\"}} {number}")?;
        }
        writeln!(out, "# TYPE ondol_gateway_observed_total counter")?;
        let observed =
            self.observed.lock().expect("nobody panics while holding the meters").clone();
        for (reason, number) in observed {
            writeln!(out, "ondol_gateway_observed_total{{reason=\"{reason}\"}} {number}")?;
        }
        let routes = self.routes.lock().expect("nobody panics while holding the meters").clone();
        write_routes(&routes, out)?;
        self.policies.write(out)
    }
}

impl Snapshot {
    /// What is known of where limits are shared, as Prometheus reads it.
    pub(crate) fn write_links(&self, out: &mut String) -> std::fmt::Result {
        if self.links.is_empty() {
            return Ok(());
        }
        writeln!(out, "# TYPE ondol_gateway_redis_up gauge")?;
        for series in ["asked", "failed", "alone"] {
            writeln!(out, "# TYPE ondol_gateway_redis_{series}_total counter")?;
        }
        self.links.values().try_for_each(|link| link.write(out))
    }

    /// What is known of the backends, as Prometheus reads it.
    pub(crate) fn write_backends(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "# TYPE ondol_gateway_upstream_requests gauge")?;
        writeln!(out, "# TYPE ondol_gateway_upstream_idle_connections gauge")?;
        writeln!(out, "# TYPE ondol_gateway_upstream_ill gauge")?;
        writeln!(out, "# TYPE ondol_gateway_upstream_drained gauge")?;
        writeln!(out, "# TYPE ondol_gateway_breaker_open gauge")?;
        for backend in self.backends.values() {
            let name = &backend.name;
            let set = backend.endpoints();
            for endpoint in &set.drained {
                let labels = format!("backend=\"{name}\",endpoint=\"{}\"", endpoint.name);
                writeln!(out, "ondol_gateway_upstream_drained{{{labels}}} 1")?;
            }
            for endpoint in set.list.iter().chain(&set.drained) {
                let labels = format!("backend=\"{name}\",endpoint=\"{}\"", endpoint.name);
                let under_way = endpoint.pool.under_way();
                writeln!(out, "ondol_gateway_upstream_requests{{{labels}}} {under_way}")?;
                let idle = endpoint.pool.idle();
                writeln!(out, "ondol_gateway_upstream_idle_connections{{{labels}}} {idle}")?;
                let ill = u8::from(endpoint.ill.load(Ordering::Relaxed));
                writeln!(out, "ondol_gateway_upstream_ill{{{labels}}} {ill}")?;
            }
            if let Some(breaker) = &backend.guards.breaker {
                let closed = matches!(breaker.state().phase, PhaseState::Closed { .. });
                let open = u8::from(!closed);
                writeln!(out, "ondol_gateway_breaker_open{{backend=\"{name}\"}} {open}")?;
            }
        }
        Ok(())
    }
}

fn write_routes(
    routes: &BTreeMap<Arc<str>, Arc<RouteMeter>>,
    out: &mut String,
) -> std::fmt::Result {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    writeln!(out, "# TYPE ondol_gateway_requests_total counter")?;
    for (name, meter) in routes {
        for (class, counter) in CLASSES.iter().zip(&meter.classes) {
            let number = count(counter);
            writeln!(
                out,
                "ondol_gateway_requests_total{{route=\"{name}\",status=\"{class}\"}} {number}"
            )?;
        }
    }
    writeln!(out, "# TYPE ondol_gateway_response_bytes_total counter")?;
    for (name, meter) in routes {
        writeln!(
            out,
            "ondol_gateway_response_bytes_total{{route=\"{name}\"}} {}",
            count(&meter.bytes)
        )?;
    }
    writeln!(out, "# TYPE ondol_gateway_responses_incomplete_total counter")?;
    for (name, meter) in routes {
        let number = count(&meter.incomplete);
        writeln!(out, "ondol_gateway_responses_incomplete_total{{route=\"{name}\"}} {number}")?;
    }
    writeln!(out, "# TYPE ondol_gateway_retries_total counter")?;
    for (name, meter) in routes {
        writeln!(out, "ondol_gateway_retries_total{{route=\"{name}\"}} {}", count(&meter.retries))?;
    }
    writeln!(out, "# TYPE ondol_gateway_request_seconds histogram")?;
    for (name, meter) in routes {
        let mut below = 0;
        for (end, bucket) in BUCKETS.iter().zip(&meter.buckets) {
            below += count(bucket);
            let end = Duration::from_micros(*end).as_secs_f64();
            writeln!(
                out,
                "ondol_gateway_request_seconds_bucket{{route=\"{name}\",le=\"{end}\"}} {below}"
            )?;
        }
        let all: u64 = meter.classes.iter().map(count).sum();
        let sum = Duration::from_micros(count(&meter.micros)).as_secs_f64();
        writeln!(
            out,
            "ondol_gateway_request_seconds_bucket{{route=\"{name}\",le=\"+Inf\"}} {all}"
        )?;
        writeln!(out, "ondol_gateway_request_seconds_sum{{route=\"{name}\"}} {sum}")?;
        writeln!(out, "ondol_gateway_request_seconds_count{{route=\"{name}\"}} {all}")?;
    }
    Ok(())
}
