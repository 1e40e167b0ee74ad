//! Random definitions: sound ones, in which what cannot be undone stands last before the pivot.
//! Steps are asked, asked on a condition, or wait for a letter; some ask, and are undone, by what an
//! earlier one was answered; all of it can be cancelled.

use std::time::Duration;

use ondol_domain::{Answer, Codec, Contract, Facts, Retry, Saga, Step, Turn};
use ondol_doors::Rng;
use ondol_kernel::{Envelope, EventId, Metadata, NewEvent, Position, StreamId, Timestamp, Version};
use serde::{Deserialize, Serialize};

/// What sagas of the torture are called.
const SAGAS: [&str; 16] = [
    "s.a", "s.b", "s.c", "s.d", "s.e", "s.f", "s.g", "s.h", "s.i", "s.j", "s.k", "s.l", "s.m",
    "s.n", "s.o", "s.p",
];
/// What their steps are called.
const STEPS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// How many definitions there are.
pub(crate) const DEFINITIONS: usize = SAGAS.len();

/// What a saga of the torture knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: u64,
}

/// What is asked: that a step is done, or that it is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Do { job: u64, step: String, may_refuse: bool, knows: Option<Told> },
    Undo { job: u64, step: String, knows: Option<Told> },
}

/// What a step was answered, as another one has read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) of: String,
    pub(crate) answer: String,
}

/// What a step is answered when it was done, or undone.
pub(crate) fn answer(step: &str, by: i32) -> String {
    format!("{step} by {by}")
}

/// Why it is not done.
#[derive(Debug, Clone, Serialize, Deserialize, thiserror::Error)]
#[error("chance has it refused")]
pub(crate) struct Refused;

impl Contract for Asked {
    const SERVICE: &'static str = "torture";
    type Reply = String;
    type Refusal = Refused;

    fn key(&self) -> String {
        let (Self::Do { job, .. } | Self::Undo { job, .. }) = self;
        job.to_string()
    }
}

/// A letter came that steps wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Came {
    pub(crate) job: u64,
}

impl Facts for Came {
    const KIND: &'static str = "letter";
}

/// Somebody has cancelled it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cancelled {
    pub(crate) job: u64,
}

impl Facts for Cancelled {
    const KIND: &'static str = "order";
}

/// Why a saga turns round that was cancelled.
pub(crate) const CANCELLED: &str = "it was cancelled";

/// An event as it comes from outside, about a job.
pub(crate) fn news<E: Facts>(event: &E, id: EventId, job: u64) -> anyhow::Result<Envelope> {
    let encoded = Codec::<E>::new()?.encode(event)?;
    let event = NewEvent {
        id,
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        metadata: Metadata { time: Timestamp::EPOCH, ..Metadata::default() },
        data: encoded.payload,
    };
    Ok(event.recorded(StreamId::new(E::KIND, job)?, Version::new(1), Position::new(1)))
}

/// A definition, and the steps that it has, in order.
pub(crate) struct Drawn {
    pub(crate) saga: Saga<Job>,
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<(&'static str, Does)>,
}

/// Of so many jobs there is one of which a step that waits never hears, whatever letters come.
const NOT_HEARD_OF: u64 = 8;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// It asks.
    Asks,
    /// It asks of two jobs in three.
    AsksSome,
    /// It waits for a letter.
    Waits,
}

impl Does {
    fn drawn(rng: &dyn Rng) -> Self {
        match below(rng, 8) {
            0 => Self::Waits,
            1 | 2 => Self::AsksSome,
            _ => Self::Asks,
        }
    }

    /// How often it has been done for a job for which all is done.
    pub(crate) fn done(self, job: u64) -> i32 {
        match self {
            Self::Asks => 1,
            Self::AsksSome => i32::from(is_asked(job)),
            Self::Waits => 0,
        }
    }
}

const fn is_asked(job: u64) -> bool {
    !job.is_multiple_of(3)
}

/// Draws a definition.
pub(crate) fn draw(number: usize, rng: &dyn Rng) -> Drawn {
    let name = SAGAS[number % SAGAS.len()];
    let stages = 2 + below(rng, 4);
    let pivot = (below(rng, 3) > 0).then(|| 1 + below(rng, stages - 1));
    let mut saga = Saga::<Job>::named(name, 1).identified_by(|job| job.id.to_string()).on(
        |event: &Cancelled| event.job.to_string(),
        |_job, _event| Turn::Unwind(CANCELLED.to_owned()),
    );
    let (mut steps, mut always) = (Vec::new(), Vec::new());
    for stage in 0..stages {
        if pivot == Some(stage) {
            saga = saga.pivot();
        }
        let is_past_pivot = pivot.is_some_and(|pivot| stage >= pivot);
        let is_last_before = pivot == Some(stage + 1);
        let beside = if is_last_before { 1 } else { 1 + below(rng, 2) };
        let mut side_by_side = Vec::new();
        for _step in 0..beside {
            let step = STEPS[steps.len()];
            // What cannot be undone, and what has to be done after it, is done for every job.
            let is_free = !is_past_pivot && !is_last_before;
            let does = if is_free { Does::drawn(rng) } else { Does::Asks };
            steps.push((step, does));
            side_by_side.push(if does == Does::Waits {
                waiting_step(step)
            } else {
                let reads = always.get(below(rng, 2 * always.len().max(1))).copied();
                drawn_step((step, does, reads), is_past_pivot, is_last_before, rng)
            });
        }
        let beside = steps.iter().rev().take(side_by_side.len());
        always.extend(beside.filter(|(_, does)| *does == Does::Asks).map(|(step, _)| *step));
        saga = saga.all(side_by_side);
    }
    if below(rng, 2) == 0 {
        saga = saga.deadline(Duration::from_secs(120));
    }
    Drawn { saga, name, steps }
}

fn waiting_step(name: &'static str) -> Step<Job> {
    let heard = move |job: &Job, event: &Came| {
        let is_for_another = (job.id + u64::from(name.as_bytes()[0])).is_multiple_of(NOT_HEARD_OF);
        (!is_for_another).then_some(Ok(event.job))
    };
    Step::waiting_for(name, |event: &Came| event.job.to_string(), heard)
        .within(Duration::from_secs(4))
}

fn drawn_step(
    (name, does, reads): (&'static str, Does, Option<&'static str>),
    is_past_pivot: bool,
    is_last_before: bool,
    rng: &dyn Rng,
) -> Step<Job> {
    let asks = move |job: &Job, knows| {
        let step = name.to_owned();
        Asked::Do { job: job.id, step, may_refuse: !is_past_pivot, knows }
    };
    let undoes = move |job: &Job, knows| Asked::Undo { job: job.id, step: name.to_owned(), knows };
    let retry = Retry {
        attempts_max: 2 + u32::try_from(below(rng, 3)).unwrap_or(0),
        delay_first: Duration::from_millis(50),
        delay_max: Duration::from_secs(2),
    };
    let step = match reads {
        None => Step::named(name, move |job: &Job| asks(job, None)),
        Some(of) => Step::knowing(name, Answer::<String>::of(of), move |job: &Job, answer| {
            asks(job, Some(Told { of: of.to_owned(), answer }))
        }),
    };
    let step = step.within(Duration::from_secs(2)).retry(retry).reply(|answer: String| answer);
    let step = if does == Does::AsksSome { step.when(|job| is_asked(job.id)) } else { step };
    if is_past_pivot || is_last_before {
        return step;
    }
    step.undo_knowing(Answer::<String>::of(name), move |job: &Job, answer| {
        undoes(job, Some(Told { of: name.to_owned(), answer }))
    })
}

/// A random number below a limit.
pub(crate) fn below(rng: &dyn Rng, limit: usize) -> usize {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    usize::try_from(rng.below(limit)).unwrap_or(0)
}
