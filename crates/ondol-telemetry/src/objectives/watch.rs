//! Looks at objectives while a program runs, and tells of what changes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use ondol_doors::Clock;
use ondol_kernel::Timestamp;
use serde::Serialize;
use tokio::sync::watch;

use super::{Alert, Courier, History, Objective, Silences, alerts, counts, http};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(15);
/// Over how long it is said how much of a budget is left.
const BUDGET_WINDOW: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Something that somebody has to be told of.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A budget is spent too fast, or faster, or not as fast any more.
    Burns(Alert),
    /// It lasts again.
    Lasts {
        /// The objective.
        objective: String,
    },
}

/// How an objective stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// What it is called.
    pub name: String,
    /// Which share of requests has to be good.
    pub target: f64,
    /// Which part of what may go wrong within three days is left, or since the program began: below
    /// zero when more went wrong. Nothing, if nobody has asked anything.
    pub budget_left: Option<f64>,
    /// What somebody has been told of, and still is so.
    pub alert: Option<Alert>,
}

type Numbers = Arc<dyn Fn() -> String + Send + Sync>;

/// Looks at objectives. Cheap to clone.
#[derive(Clone)]
pub struct Watch {
    clock: Arc<dyn Clock>,
    numbers: Numbers,
    watched: Arc<Mutex<Vec<Watched>>>,
    silences: Arc<Silences>,
}

struct Watched {
    objective: Objective,
    history: History,
    alert: Option<Alert>,
}

impl Watch {
    /// Over the numbers that are said in Prometheus' format.
    pub fn new(
        objectives: Vec<Objective>,
        clock: Arc<dyn Clock>,
        numbers: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        let watched = objectives.into_iter().map(|objective| Watched {
            objective,
            history: History::default(),
            alert: None,
        });
        let watched = Arc::new(Mutex::new(watched.collect()));
        Self { clock, numbers: Arc::new(numbers), watched, silences: Arc::default() }
    }

    /// The same, with what somebody wanted nobody to be told of.
    #[must_use]
    pub fn with_silences(self, silences: Silences) -> Self {
        Self { silences: Arc::new(silences), ..self }
    }

    /// What nobody is told of.
    pub fn silences(&self) -> &Silences {
        &self.silences
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether there is an objective of this name.
    pub(super) fn knows(&self, name: &str) -> bool {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.iter().any(|one| one.objective.name == name)
    }

    /// Looks once, and says what has changed since.
    pub fn look(&self) -> Vec<Change> {
        let (said, now) = ((self.numbers)(), self.clock.running());
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.iter_mut().filter_map(|one| one.look(&said, now)).collect()
    }

    /// How all of them stand.
    pub fn standings(&self) -> Vec<Standing> {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.iter().map(Watched::standing).collect()
    }

    /// `/objectives` and `/silences`.
    pub fn router(&self) -> Router {
        http::router(self)
    }

    /// Looks until `stop` turns true, and tells of what changes: in lines, and by the courier if there is
    /// one.
    pub async fn run(self, courier: Option<Courier>, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            // Whoever could stop it is gone, or has done so: either way it ends.
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.keep_looking(courier) => {}
        }
    }

    async fn keep_looking(self, mut courier: Option<Courier>) {
        loop {
            for change in self.look() {
                match change {
                    Change::Burns(Alert { objective, severity, burn_rate, window_seconds }) => {
                        let severity = severity.word();
                        tracing::warn!(
                            objective,
                            severity,
                            burn_rate,
                            window_seconds,
                            "a budget is spent too fast"
                        );
                    }
                    Change::Lasts { objective } => {
                        tracing::info!(objective, "a budget lasts again");
                    }
                }
            }
            if let Some(courier) = &mut courier {
                courier.look(&self.standings(), &self.silences).await;
            }
            self.clock.sleep(EVERY).await;
        }
    }
}

impl Watched {
    fn look(&mut self, said: &str, now: Duration) -> Option<Change> {
        self.history.note(now, counts(said, &self.objective));
        let alert = alerts(&self.objective, &self.history);
        let was = self.alert.as_ref().map(|alert| alert.severity);
        let is = alert.as_ref().map(|alert| alert.severity);
        self.alert = alert.clone();
        match (was == is, alert) {
            (true, _) => None,
            (false, Some(alert)) => Some(Change::Burns(alert)),
            (false, None) => Some(Change::Lasts { objective: self.objective.name.clone() }),
        }
    }

    fn standing(&self) -> Standing {
        let wrong = self.history.wrong_within(BUDGET_WINDOW);
        let budget = self.objective.budget();
        Standing {
            name: self.objective.name.clone(),
            target: 1.0 - budget,
            budget_left: wrong.map(|wrong| 1.0 - wrong / budget),
            alert: self.alert.clone(),
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}
