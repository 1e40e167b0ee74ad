//! Random operations against a model that is too plain to be wrong: a list that is searched.

mod model;
mod random;

use std::sync::Arc;

use ondol_doors::{Rng, SeededRng};
use ondol_kernel::{Envelope, Metadata, Position};

use self::model::{Model, Rejected};
use self::random::Random;
use super::Engine;
use super::given::{head, log, outcome, racing, soon, void};
use super::rules::{breaks, stands};
use crate::{Append, AppendError, Appended, Replica};

const OPERATIONS: usize = 300;

/// The store's answer in the model's words.
fn in_short(
    answer: Result<Appended, AppendError>,
    model: &Model,
    asked: &Append,
) -> Result<Appended, Rejected> {
    match answer {
        Ok(appended) => Ok(appended),
        Err(AppendError::Conflict { stream, expected, found }) => {
            let asked = asked.writes.iter().find(|write| write.stream == stream);
            assert_eq!(asked.map(|write| write.expected), Some(expected));
            assert_eq!(model.version(&stream), found, "of {stream}");
            assert!(!stands(expected, found), "no conflict at {stream}");
            Err(Rejected::Conflict)
        }
        Err(AppendError::ConditionBroken { at }) => {
            let breaks = |event: &Envelope| {
                asked.conditions.iter().any(|condition| breaks(condition, event))
            };
            assert!(model.event(at).is_some_and(breaks), "nothing is broken at {at}");
            Err(Rejected::Condition)
        }
        Err(AppendError::Invalid(_)) => Err(Rejected::Invalid),
        Err(other) => {
            assert_eq!(other.to_string(), "an answer");
            Err(Rejected::Invalid)
        }
    }
}

#[expect(clippy::print_stderr, reason = "whoever sees a case fail needs its seed")]
fn tell(seed: u64) {
    eprintln!("the seed is {seed}");
}

/// Does random operations, one after another, and compares every answer with the model's.
async fn compare<E: Engine>(seed: u64) {
    tell(seed);
    let random = Random::new(seed);
    let mut engine = E::create().await;
    let mut model = Model::default();
    for number in 0..OPERATIONS {
        let store = engine.store();
        match random.below(20) {
            0..=8 => {
                let asked = random.append(model.head());
                let expected = model.append(&asked);
                let found = in_short(soon(store.append(asked.clone())).await, &model, &asked);
                assert_eq!(found, expected, "operation {number}: {asked:?}");
            }
            9..=11 => {
                let read = random.read_stream();
                let found = soon(store.read_stream(read.clone())).await.expect("it can be read");
                assert_eq!(found, model.read_stream(&read), "operation {number}: {read:?}");
            }
            12..=15 => {
                let read = random.read_all(model.head());
                let found = wanted_after(&*store, &read).await;
                assert_eq!(found, model.read_all(&read), "operation {number}: {read:?}");
            }
            16 | 17 => {
                let asked = random.command();
                assert_eq!(outcome(&*store, asked).await, model.outcome(asked));
            }
            18 => {
                let asked = random.command();
                let expected = model.append(&Append::void(asked, Metadata::default()));
                assert_eq!(Ok(void(&*store, asked).await), expected.map(|done| done.outcome));
            }
            _ => {
                drop(store);
                engine.reopen().await;
            }
        }
    }
    assert_eq!(log(&*engine.store()).await, model.events());
}

/// The wanted events of a reading, paged through as far as it asks.
async fn wanted_after(store: &dyn Replica, read: &crate::ReadAll) -> Vec<Envelope> {
    let mut read = read.clone();
    let mut found = Vec::new();
    while read.limit > 0 {
        let page = soon(store.read_all(read.clone())).await.expect("it can be read");
        read.limit -= page.events.len();
        read.after = page.seen;
        found.extend(page.events);
        if page.seen == page.head {
            break;
        }
    }
    found
}

pub async fn random_operations_come_to_what_the_model_says<E: Engine>() {
    for seed in 1..=4 {
        compare::<E>(seed).await;
    }
}

pub async fn new_random_operations_come_to_what_the_model_says<E: Engine>() {
    compare::<E>(ondol_doors::SystemRng.number()).await;
}

/// Lets tasks race with random appends, then explains the log: made one after another in the
/// order of their positions, the appends that were taken come to the same answers.
async fn explain<E: Engine>(seed: u64) {
    tell(seed);
    let store = E::create().await.store();
    let seeds = SeededRng::new(seed);
    let taken = racing(16, |_| {
        let (store, random) = (Arc::clone(&store), Random::new(seeds.number()));
        async move {
            let mut taken = Vec::new();
            for _ in 0..20 {
                let asked = random.append(head(&*store).await);
                if let Ok(appended) = soon(store.append(asked.clone())).await {
                    taken.push((asked, appended));
                }
            }
            taken
        }
    })
    .await;
    let mut taken: Vec<_> = taken.into_iter().flatten().collect();
    taken.sort_by_key(|(_, appended)| (appended.outcome.last(), appended.repeated));
    let mut model = Model::default();
    for (asked, appended) in taken {
        assert_eq!(model.append(&asked), Ok(appended), "{asked:?}");
    }
    assert_eq!(log(&*store).await, model.events());
    assert!(model.head() > Position::START);
}

pub async fn racing_random_appends_can_be_explained_one_after_another<E: Engine>() {
    for seed in 1..=3 {
        explain::<E>(seed).await;
    }
}

pub async fn new_racing_random_appends_can_be_explained_one_after_another<E: Engine>() {
    explain::<E>(ondol_doors::SystemRng.number()).await;
}
