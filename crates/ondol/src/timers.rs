//! Timers that sleep, over the admin port: looked at, and nothing else. They follow from the log,
//! so whoever wants one set or cancelled asks the thing that it belongs to.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use http::StatusCode;
use ondol_http::{Json, Problem};
use ondol_kernel::StreamId;
use ondol_runtime::{Running, error_chain};
use ondol_timers::{Place, ReadError, Timer, TimerId, TimerName};
use serde::{Deserialize, Serialize};

/// How many are told at a time, at most.
const TOLD_MAX: usize = 1_000;
const NOT_SO: &str = "What was asked cannot be told as it was asked.";
const NOT_NOW: &str = "It could not be told at the moment.";

/// A timer that sleeps, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimerBody {
    pub(crate) service: String,
    pub(crate) stream: String,
    pub(crate) name: String,
    pub(crate) due: String,
    /// The position of the event that has set it.
    pub(crate) generation: u64,
}

/// The timers of services, and how the firing stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimersBody {
    pub(crate) timers: Vec<TimerBody>,
    /// How many sleep in all, of the services that were asked.
    pub(crate) sleeping: u64,
}

/// Whose timers, and which.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    service: Option<String>,
    stream: Option<String>,
    name: Option<String>,
}

/// Why what was asked cannot be told.
#[derive(Debug, thiserror::Error)]
enum AskedError {
    #[error("there is no service {0:?} here")]
    Service(String),
    #[error("{0:?} is not the stream of a thing")]
    Stream(String),
    #[error("{0:?} is not the name of a timer")]
    Name(String),
    #[error("to name a timer takes its stream as well")]
    NoStream,
}

impl AskedError {
    /// The page in docs/errors.
    const fn code(&self) -> &'static str {
        match self {
            Self::Service(_) | Self::Stream(_) | Self::Name(_) | Self::NoStream => "timer-question",
        }
    }
}

impl From<AskedError> for Problem {
    fn from(error: AskedError) -> Self {
        let detail = error.to_string();
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.code(), NOT_SO).detail(&detail)
    }
}

/// The routes of the admin port.
pub(crate) fn router(services: &[Running]) -> Router {
    let services: Arc<[Running]> = services.to_vec().into();
    Router::new().route("/timers", get(list)).with_state(services)
}

async fn list(
    State(services): State<Arc<[Running]>>,
    Query(which): Query<Which>,
) -> Result<Json<TimersBody>, Problem> {
    let is_meant = |one: &&Running| {
        which.service.as_ref().is_none_or(|name| *name == one.description().service)
    };
    let meant: Vec<_> = services.iter().filter(is_meant).collect();
    if let (true, Some(name)) = (meant.is_empty(), &which.service) {
        return Err(AskedError::Service(name.clone()).into());
    }
    let (stream, name) = wanted(&which)?;
    let (mut timers, mut sleeping) = (Vec::new(), 0);
    for running in meant {
        let service = &running.description().service;
        sleeping += running.timers_asleep().await.map_err(|error| unavailable(&error))?;
        let found = match (&stream, &name) {
            (Some(stream), Some(name)) => {
                let id = TimerId { stream: stream.clone(), name: name.clone() };
                let found = running.timer(&id).await.map_err(|error| unavailable(&error))?;
                found.into_iter().collect()
            }
            (stream, _) => {
                let found = of_stream(running, stream.as_ref()).await;
                found.map_err(|error| unavailable(&error))?
            }
        };
        timers.extend(found.iter().map(|timer| told(service, timer)));
        timers.truncate(TOLD_MAX);
    }
    Ok(Json(TimersBody { timers, sleeping }))
}

fn wanted(which: &Which) -> Result<(Option<StreamId>, Option<TimerName>), AskedError> {
    let wrong = |text: &String| AskedError::Stream(text.clone());
    let stream = which.stream.as_ref().map(|text| text.parse().map_err(|_no| wrong(text)));
    let wrong = |text: &String| AskedError::Name(text.clone());
    let name = which.name.as_ref().map(|text| text.parse().map_err(|_no| wrong(text)));
    let (stream, name) = (stream.transpose()?, name.transpose()?);
    if stream.is_none() && name.is_some() {
        return Err(AskedError::NoStream);
    }
    Ok((stream, name))
}

/// The first timers of a service in the order in which they are due; of one stream, if one is
/// meant.
async fn of_stream(running: &Running, stream: Option<&StreamId>) -> Result<Vec<Timer>, ReadError> {
    let (mut found, mut after): (Vec<Timer>, Option<Place>) = (Vec::new(), None);
    while found.len() < TOLD_MAX {
        let page = running.timers_after(after.take(), TOLD_MAX).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.place());
        let is_meant = |timer: &Timer| stream.is_none_or(|stream| timer.id.stream == *stream);
        found.extend(page.into_iter().filter(is_meant));
    }
    found.truncate(TOLD_MAX);
    Ok(found)
}

fn told(service: &str, timer: &Timer) -> TimerBody {
    TimerBody {
        service: service.to_owned(),
        stream: timer.id.stream.to_string(),
        name: timer.id.name.to_string(),
        due: timer.due.to_string(),
        generation: timer.generation.0,
    }
}

fn unavailable(error: &ReadError) -> Problem {
    let detail = error_chain(error);
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.code(), NOT_NOW).detail(&detail)
}
