//! Looks at objectives while a program runs, and tells of what changes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use ondol_doors::Clock;
use ondol_http::Json;
use serde::Serialize;
use tokio::sync::watch;

use super::{Alert, History, Objective, alerts, counts};

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
        Self { clock, numbers: Arc::new(numbers), watched }
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

    /// `/objectives`.
    pub fn router(&self) -> Router {
        let watch = self.clone();
        Router::new().route("/objectives", get(move || async move { Json(watch.standings()) }))
    }

    /// Looks until `stop` turns true, and tells of what changes.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
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
            tokio::select! {
                // Whoever could stop it is gone, or has done so: either way it ends.
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.clock.sleep(EVERY) => {}
            }
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
