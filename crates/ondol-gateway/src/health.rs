//! Asks a backend's instances now and then whether they are well.
//!
//! One that fails several times in a row is out of the rotation, whether or not anyone has tried it; one
//! that is well again comes back little by little. When too few are well, the balancer ignores all this
//! (panic), since a health check that fails everywhere is more likely wrong than right.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use tokio::task::JoinSet;

use crate::backend::{Backend, Endpoint};
use crate::config::HealthOptions;
use crate::gateway::Probe;
use crate::problem::Problem;
use crate::start::GatewayHandle;

/// The longest that rounds are apart from their time, in percent: so that many gateways do not ask all
/// at once.
const JITTER_PERCENT: u64 = 10;

/// How an instance has done lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Row {
    well: u32,
    failed: u32,
}

impl Row {
    /// Takes one more answer; whether the instance has changed, and to what.
    const fn take(
        &mut self,
        is_well: bool,
        was_ill: bool,
        options: &HealthOptions,
    ) -> Option<bool> {
        if is_well {
            self.failed = 0;
            self.well = self.well.saturating_add(1);
            if was_ill && self.well >= options.well_after { Some(false) } else { None }
        } else {
            self.well = 0;
            self.failed = self.failed.saturating_add(1);
            if !was_ill && self.failed >= options.ill_after { Some(true) } else { None }
        }
    }
}

/// Watches over a backend's instances until dropped.
pub(crate) async fn watch(handle: GatewayHandle, backend: String, options: HealthOptions) {
    let probe = Arc::new(Probe {
        path: options.path.clone(),
        host: options.host.as_deref().and_then(|host| HeaderValue::from_str(host).ok()),
        timeout: options.timeout,
        shard: handle.workers(),
    });
    let mut rows: BTreeMap<Arc<str>, Row> = BTreeMap::new();
    loop {
        if let Some(backend) = handle.backend(&backend) {
            let endpoints = backend.endpoints().list.clone();
            rows.retain(|name, _| endpoints.iter().any(|endpoint| endpoint.name == *name));
            for (endpoint, is_well) in ask_all(&handle, &probe, endpoints, &options).await {
                let row = rows.entry(Arc::clone(&endpoint.name)).or_default();
                let was_ill = endpoint.ill.load(Ordering::Relaxed);
                if let Some(ill) = row.take(is_well, was_ill, &options) {
                    tracing::warn!(backend = %backend.name, endpoint = %endpoint.name, ill, "health");
                    endpoint.ill.store(ill, Ordering::Relaxed);
                }
                tell(&backend, &endpoint);
            }
        }
        handle.clock().sleep(pause(&handle, options.every)).await;
    }
}

/// Nobody asks any more: nobody is ill any more.
pub(crate) fn forget(backend: &Backend) {
    for endpoint in &backend.endpoints().list {
        endpoint.ill.store(false, Ordering::Relaxed);
        tell(backend, endpoint);
    }
}

/// The balancer may be another one than a moment ago, so it is told each time.
fn tell(backend: &Backend, endpoint: &Endpoint) {
    if let Some(balancer) = &backend.guards.balancer {
        balancer.set_ill(&endpoint.name, endpoint.ill.load(Ordering::Relaxed));
    }
}

fn pause(handle: &GatewayHandle, every: Duration) -> Duration {
    let percent = 100 - JITTER_PERCENT + handle.draw() % (2 * JITTER_PERCENT + 1);
    every * u32::try_from(percent).unwrap_or(100) / 100
}

async fn ask_all(
    handle: &GatewayHandle,
    probe: &Arc<Probe>,
    endpoints: Vec<Arc<Endpoint>>,
    options: &HealthOptions,
) -> Vec<(Arc<Endpoint>, bool)> {
    let mut asked = JoinSet::new();
    for endpoint in endpoints {
        let (core, probe) = (handle.core(), Arc::clone(probe));
        asked.spawn(async move {
            let answer = core.probe(&endpoint, &probe).await;
            (endpoint, answer)
        });
    }
    let mut answers = Vec::with_capacity(asked.len());
    while let Some(ended) = asked.join_next().await {
        match ended {
            Ok((endpoint, answer)) => answers.push((endpoint, is_well(&answer, options))),
            Err(error) => tracing::error!(%error, "a health check panicked"),
        }
    }
    answers
}

fn is_well(answer: &Result<StatusCode, Problem>, options: &HealthOptions) -> bool {
    match answer {
        Ok(status) if options.expect.is_empty() => status.is_success(),
        Ok(status) => options.expect.contains(&status.as_u16()),
        // Too much to do is not an illness.
        Err(problem) => matches!(problem, Problem::TooBusy),
    }
}

#[cfg(test)]
mod tests;
