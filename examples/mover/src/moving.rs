//! A move: the van is loaded, the key waited for where there is one, the van driven.

use std::time::Duration;

use ondol_domain::{Own, Retry, Saga, Turn, ask};
use serde::{Deserialize, Serialize};

use crate::crew::Book;
use crate::van::{Command, Event, Van};

/// How long a key is waited for.
const KEY_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a crew that cannot be reached is asked.
const CREW_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);

/// What a move knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Which one.
    pub job: String,
    /// In which van.
    pub van: String,
    /// What it needs besides: `nothing`, a `crew`, a `key`.
    pub needs: String,
}

impl Move {
    fn needs(&self, what: &str) -> bool {
        self.needs == what
    }
}

/// A move, as the deployment of this version has it.
pub fn moving(version: u32) -> Saga<Move> {
    match version {
        1 => loaded(1, "load").pivot().step("drive", drive),
        2 => loaded(2, "pack").pivot().step("drive", drive).step("unload", unload),
        _ => Saga::<Move>::named("house.move", 3)
            .identified_by(|one| one.job.clone())
            .step("load", load)
            .undo(unload)
            .pivot()
            .step("drive", drive),
    }
}

/// Up to the pivot: booked, loaded, and the key is there.
fn loaded(version: u32, load_is_called: &'static str) -> Saga<Move> {
    Saga::<Move>::named("house.move", version)
        .identified_by(|one| one.job.clone())
        .step("book", |one| Book { job: one.job.clone() })
        .when(|one| one.needs("crew"))
        .within(CREW_WITHIN)
        .retry(Retry { attempts_max: 100_000, ..Retry::default() })
        .step(load_is_called, load)
        .undo(unload)
        .wait(
            "key",
            |event: &Event| match event {
                Event::KeyHandedOver { job } => job.clone(),
                _ => String::new(),
            },
            |_one, _event| Some(Turn::GoOn),
        )
        .when(|one| one.needs("key"))
        .within(KEY_WITHIN)
}

fn load(one: &Move) -> Own<Van> {
    ask(&one.van, Command::Load { job: one.job.clone() })
}

fn unload(one: &Move) -> Own<Van> {
    ask(&one.van, Command::Unload { job: one.job.clone() })
}

fn drive(one: &Move) -> Own<Van> {
    ask(&one.van, Command::Drive { job: one.job.clone() })
}
