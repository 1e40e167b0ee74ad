//! What is counted of the sagas of a process.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Fact, Instance};

/// What is counted of the sagas of a process since it began.
#[derive(Debug, Default)]
pub struct SagaMetrics {
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
    }

    pub(super) fn parked(&self) {
        self.parked.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts in the text form of Prometheus, under the name of a service.
    pub fn prometheus(&self, service: &str) -> String {
        let now = self.snapshot();
        let counts = [
            ("ondol_saga_started_total", "Sagas that were started.", now.started),
            ("ondol_saga_completed_total", "Sagas that have completed.", now.completed),
            ("ondol_saga_compensated_total", "Sagas that were undone.", now.compensated),
            ("ondol_saga_stuck_total", "How often a person was told of a saga.", now.stuck),
            ("ondol_saga_steps_total", "Steps of sagas that were done.", now.steps),
            (
                "ondol_saga_unanswered_total",
                "Questions of sagas without an answer.",
                now.unanswered,
            ),
            ("ondol_saga_parked_total", "Sagas met whose definition is not known.", now.parked),
            ("ondol_saga_failed_total", "Sagas that could not be driven.", now.failed),
        ];
        let label = service.replace('\\', "\\\\").replace('"', "\\\"");
        let mut text = String::new();
        for (name, help, count) in counts {
            text.push_str(&format!(
                "# HELP {name} {help}\n# TYPE {name} counter\n{name}{{service=\"{label}\"}} {count}\n"
            ));
        }
        let (name, help) =
            ("ondol_saga_step_seconds_sum", "How long the steps that were done took.");
        let (whole, rest) = (now.step_micros / 1_000_000, now.step_micros % 1_000_000);
        text.push_str(&format!(
            "# HELP {name} {help}\n# TYPE {name} counter\n{name}{{service=\"{label}\"}} {whole}.{rest:06}\n"
        ));
        text
    }
}
