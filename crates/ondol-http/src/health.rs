//! Alive, ready, and the numbers: what the admin port answers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use serde::Serialize;

use crate::Json;

/// How one part of a service stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Readiness {
    /// It is coming up.
    Starting,
    /// It does what it should.
    Ready,
    /// It works, and a person should look at it.
    Degraded {
        /// At what.
        reason: String,
    },
    /// It does not work.
    Failed {
        /// Why not.
        reason: String,
    },
    /// It finishes what it has begun and takes nothing new.
    Draining,
}

/// Says how parts stand when it is asked.
type Probe = Arc<dyn Fn() -> Vec<(String, Readiness)> + Send + Sync>;
type Numbers = Arc<dyn Fn() -> String + Send + Sync>;

/// What is known of a service's parts. Cheap to clone.
#[derive(Clone)]
pub struct Health {
    parts: Arc<RwLock<BTreeMap<String, Readiness>>>,
    probes: Arc<RwLock<Vec<Probe>>>,
    numbers: Numbers,
}

#[derive(Serialize)]
struct Told {
    is_ready: bool,
    parts: BTreeMap<String, Readiness>,
}

impl Health {
    /// A service without parts, whose numbers are what `numbers` writes in Prometheus' format.
    pub fn new(numbers: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { parts: Arc::default(), probes: Arc::default(), numbers: Arc::new(numbers) }
    }

    /// Says how a part stands.
    pub fn set(&self, part: &str, readiness: Readiness) {
        let mut parts = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        parts.insert(part.to_owned(), readiness);
    }

    /// Asks this how further parts stand, each time that somebody wants to know.
    pub fn ask(&self, probe: impl Fn() -> Vec<(String, Readiness)> + Send + Sync + 'static) {
        let mut probes = self.probes.write().unwrap_or_else(PoisonError::into_inner);
        probes.push(Arc::new(probe));
    }

    /// Whether every part can be asked something, and there is at least one.
    pub fn is_ready(&self) -> bool {
        self.told().is_ready
    }

    /// The numbers, in Prometheus' format.
    pub fn numbers(&self) -> String {
        (self.numbers)()
    }

    /// `/livez`, `/readyz` and `/metrics`.
    pub fn router(&self) -> Router {
        let (ready, numbers) = (self.clone(), Arc::clone(&self.numbers));
        Router::new()
            .route("/livez", get(|| async { "alive\n" }))
            .route("/readyz", get(move || async move { ready.answer() }))
            .route("/metrics", get(move || async move { written(&numbers) }))
    }

    fn told(&self) -> Told {
        let mut parts = self.parts.read().unwrap_or_else(PoisonError::into_inner).clone();
        let probes = self.probes.read().unwrap_or_else(PoisonError::into_inner).clone();
        parts.extend(probes.iter().flat_map(|probe| probe()));
        let works =
            |part: &Readiness| matches!(part, Readiness::Ready | Readiness::Degraded { .. });
        Told { is_ready: !parts.is_empty() && parts.values().all(works), parts }
    }

    fn answer(&self) -> Response {
        let told = self.told();
        let ready = if told.is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (ready, Json(told)).into_response()
    }
}

fn written(numbers: &Numbers) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], numbers())
        .into_response()
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("parts", &self.parts).finish_non_exhaustive()
    }
}
