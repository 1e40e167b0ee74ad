//! What is counted of the sagas of a process.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::{Fact, Instance};

/// What is counted of the sagas of a process since it began.
#[derive(Debug, Default)]
pub struct SagaMetrics {
    ended: watch::Sender<u64>,
    started: AtomicU64,
    completed: AtomicU64,
    compensated: AtomicU64,
    stuck: AtomicU64,
    steps: AtomicU64,
    unanswered: AtomicU64,
    step_micros: AtomicU64,
    parked: AtomicU64,
    failed: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct MetricsSnapshot {
    /// Sagas that were started.
    pub started: u64,
    /// Sagas that have completed.
    pub completed: u64,
    /// Sagas that were undone.
    pub compensated: u64,
    /// How often a person was told.
    pub stuck: u64,
    /// Steps that were done.
    pub steps: u64,
    /// How often a question was not answered.
    pub unanswered: u64,
    /// How long all the steps that were done have taken together, in microseconds.
    pub step_micros: u64,
    /// How often a saga was found whose definition is not known.
    pub parked: u64,
    /// How often a saga could not be driven.
    pub failed: u64,
}

impl SagaMetrics {
    /// The counts as they are now.
    pub fn snapshot(&self) -> MetricsSnapshot {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        MetricsSnapshot {
            started: of(&self.started),
            completed: of(&self.completed),
            compensated: of(&self.compensated),
            stuck: of(&self.stuck),
            steps: of(&self.steps),
            unanswered: of(&self.unanswered),
            step_micros: of(&self.step_micros),
            parked: of(&self.parked),
            failed: of(&self.failed),
        }
    }

    /// How many sagas have ended here, to wait for more.
    pub fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    pub(super) fn count(&self, facts: &[Fact], instance: &Instance) {
        for fact in facts {
            let counter = match fact {
                Fact::Started { .. } => &self.started,
                Fact::Completed => &self.completed,
                Fact::Compensated => &self.compensated,
                Fact::Stuck { .. } => &self.stuck,
                Fact::Unanswered { .. } => &self.unanswered,
                Fact::Answered { step, .. } => {
                    let began = instance.steps.get(step).map(|record| record.began);
                    let took = began.map(|began| instance.changed.since(began)).unwrap_or_default();
                    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                    self.step_micros.fetch_add(micros, Ordering::Relaxed);
                    &self.steps
                }
                _ => continue,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
        if instance.is_ended() {
            self.ended.send_modify(|ended| *ended += 1);
        }
    }

    pub(super) fn parked(&self) {
        self.parked.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }
}

/// The counts of services in the text form of Prometheus.
pub fn prometheus(services: &[(String, MetricsSnapshot)]) -> String {
    type Value = fn(&MetricsSnapshot) -> String;
    let seconds: Value =
        |now| format!("{}.{:06}", now.step_micros / 1_000_000, now.step_micros % 1_000_000);
    let counters: [(&str, &str, Value); 9] = [
        ("started_total", "Sagas that were started.", |now| now.started.to_string()),
        ("completed_total", "Sagas that have completed.", |now| now.completed.to_string()),
        ("compensated_total", "Sagas that were undone.", |now| now.compensated.to_string()),
        ("stuck_total", "How often a person was told of a saga.", |now| now.stuck.to_string()),
        ("steps_total", "Steps of sagas that were done.", |now| now.steps.to_string()),
        ("step_seconds_total", "How long the steps that were done have taken.", seconds),
        ("unanswered_total", "Questions without an answer.", |now| now.unanswered.to_string()),
        ("parked_total", "Sagas met whose definition is not known.", |now| now.parked.to_string()),
        ("failed_total", "Sagas that could not be driven.", |now| now.failed.to_string()),
    ];
    let mut text = String::new();
    for (name, help, value) in counters {
        let name = format!("ondol_saga_{name}");
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} counter\n"));
        for (service, now) in services {
            text.push_str(&format!("{name}{{service=\"{service}\"}} {}\n", value(now)));
        }
    }
    text
}
