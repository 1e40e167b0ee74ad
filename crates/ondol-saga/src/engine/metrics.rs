//! What is counted of the sagas of a process.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::{Fact, Instance};

/// The upper ends of the classes by which it is counted how long steps take, in microseconds.
pub const STEP_MICROS: [u64; 10] =
    [1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000, 60_000_000];

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
    steps_within: [AtomicU64; STEP_MICROS.len()],
    parked: AtomicU64,
    failed: AtomicU64,
    held: AtomicU64,
    deadlocks: AtomicU64,
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
    /// How many steps have taken no longer than each of [`STEP_MICROS`].
    pub steps_within: [u64; STEP_MICROS.len()],
    /// How often a saga was found whose definition is not known.
    pub parked: u64,
    /// How often a saga could not be driven.
    pub failed: u64,
    /// How often what was asked for was held by another saga.
    pub held: u64,
    /// How often one gave way because it and others waited for each other.
    pub deadlocks: u64,
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
            steps_within: self.steps_within.each_ref().map(of),
            parked: of(&self.parked),
            failed: of(&self.failed),
            held: of(&self.held),
            deadlocks: of(&self.deadlocks),
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
                Fact::Held { .. } => &self.held,
                Fact::Answered { step, .. } => {
                    let began = instance.steps.get(step).map(|record| record.began);
                    let took = began.map(|began| instance.changed.since(began)).unwrap_or_default();
                    self.took(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
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

    fn took(&self, micros: u64) {
        self.step_micros.fetch_add(micros, Ordering::Relaxed);
        for (longest, count) in STEP_MICROS.iter().zip(&self.steps_within) {
            if micros <= *longest {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn parked(&self) {
        self.parked.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn gave_way(&self) {
        self.deadlocks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }
}

/// The counts of services in the text form of Prometheus.
pub fn prometheus(services: &[(String, MetricsSnapshot)]) -> String {
    type Value = fn(&MetricsSnapshot) -> u64;
    let counters: [(&str, &str, Value); 10] = [
        ("started_total", "Sagas that were started.", |now| now.started),
        ("completed_total", "Sagas that have completed.", |now| now.completed),
        ("compensated_total", "Sagas that were undone.", |now| now.compensated),
        ("stuck_total", "How often a person was told of a saga.", |now| now.stuck),
        ("steps_total", "Steps of sagas that were done.", |now| now.steps),
        ("unanswered_total", "Questions without an answer.", |now| now.unanswered),
        ("parked_total", "Sagas met whose definition is not known.", |now| now.parked),
        ("failed_total", "Sagas that could not be driven.", |now| now.failed),
        ("held_total", "How often a step met what another saga holds.", |now| now.held),
        ("deadlocks_total", "Sagas that gave way in a deadlock.", |now| now.deadlocks),
    ];
    let mut text = String::new();
    for (name, help, value) in counters {
        let name = format!("ondol_saga_{name}");
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} counter\n"));
        for (service, now) in services {
            text.push_str(&format!("{name}{{service=\"{service}\"}} {}\n", value(now)));
        }
    }
    text.push_str(&step_seconds(services));
    text
}

/// How long steps have taken, as a histogram.
fn step_seconds(services: &[(String, MetricsSnapshot)]) -> String {
    let name = "ondol_saga_step_seconds";
    let help = "How long the steps that were done have taken, from the question to the answer.";
    let mut text = format!("# HELP {name} {help}\n# TYPE {name} histogram\n");
    for (service, now) in services {
        let mut bucket = |longest: &str, count: u64| {
            text.push_str(&format!(
                "{name}_bucket{{service=\"{service}\",le=\"{longest}\"}} {count}\n"
            ));
        };
        for (longest, count) in STEP_MICROS.iter().zip(now.steps_within) {
            bucket(&seconds(*longest), count);
        }
        bucket("+Inf", now.steps);
        let sum = seconds(now.step_micros);
        text.push_str(&format!("{name}_sum{{service=\"{service}\"}} {sum}\n"));
        text.push_str(&format!("{name}_count{{service=\"{service}\"}} {}\n", now.steps));
    }
    text
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
