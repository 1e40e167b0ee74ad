//! A purse: coins are put in and taken out.

use ondol_domain::{
    Aggregate, Decision, Facts, Impossible, Snapshot, accept, already_done, refuse,
};
use ondol_kernel::{EventId, EventType, Metadata, NewEvent, Payload, SchemaVersion, Tag};
use ondol_store::{Append, Expected};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Command {
    Put(u32),
    Take(u32),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Event {
    Put(u32),
    Taken(u32),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(super) enum Refusal {
    #[error("only {there} coins are there")]
    NotEnough { there: u32 },
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Purse {
    pub(super) coins: u32,
}

impl Facts for Event {
    const KIND: &'static str = "purse";
}

impl Aggregate for Purse {
    const KIND: &'static str = "purse";
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Put(0) | Command::Take(0) => already_done(),
            Command::Put(coins) => accept(Event::Put(coins)),
            Command::Take(coins) if coins <= self.coins => accept(Event::Taken(coins)),
            Command::Take(_) => refuse(Refusal::NotEnough { there: self.coins }),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        let coins = match event {
            Event::Put(coins) => self.coins.checked_add(*coins),
            Event::Taken(coins) => self.coins.checked_sub(*coins),
        };
        coins.map(|coins| Self { coins }).ok_or_else(|| Impossible::new(&self, event))
    }

    fn tags(event: &Event) -> Vec<Tag> {
        let (Event::Put(coins) | Event::Taken(coins)) = event;
        vec![Tag::new(format!("coins:{coins}")).expect("a number is printable")]
    }

    fn snapshot() -> Option<Snapshot<Self>> {
        Some(Snapshot::json())
    }
}

/// Events that somebody has written to a purse's stream, whatever a purse would have decided.
pub(super) fn purse_events<const COUNT: usize>(key: &str, events: [Event; COUNT]) -> Append {
    let written = |(at, event): (usize, Event)| {
        let (name, coins) = match event {
            Event::Put(coins) => ("purse.put", coins),
            Event::Taken(coins) => ("purse.taken", coins),
        };
        NewEvent {
            id: EventId::from_u128(at as u128),
            event_type: EventType::new(name).expect("a name"),
            schema_version: SchemaVersion::FIRST,
            metadata: Metadata::default(),
            data: Payload::json(coins.to_string()),
        }
    };
    let stream = format!("purse:{key}").parse().expect("a stream");
    Append::to(stream, Expected::Any, events.into_iter().enumerate().map(written).collect())
}
