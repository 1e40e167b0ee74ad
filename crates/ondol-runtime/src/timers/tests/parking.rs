//! A parking ticket, which expires unless its owner leaves before.

use std::time::Duration;

use ondol_domain::{
    Aggregate, Decision, Due, Facts, Impossible, TimerOrder, accept, already_done, cancel_timer,
    set_timer,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::timers) struct Ticket {
    has_ended: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::timers) enum Command {
    Buy { minutes: u64 },
    Extend { minutes: u64 },
    Remind { every_minutes: u64 },
    Leave,
    Expire,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::timers) enum Event {
    Bought { minutes: u64 },
    Extended { minutes: u64 },
    Reminded { every_minutes: u64 },
    Left {},
    Expired {},
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(in crate::timers) enum Refusal {}

impl Facts for Event {
    const KIND: &'static str = Ticket::KIND;
}

impl Aggregate for Ticket {
    const KIND: &'static str = "ticket";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Buy { minutes } => accept(Event::Bought { minutes }),
            Command::Extend { minutes } => accept(Event::Extended { minutes }),
            Command::Remind { every_minutes } => accept(Event::Reminded { every_minutes }),
            Command::Leave => accept(Event::Left {}),
            Command::Expire if self.has_ended => already_done(),
            // It would expire even when its owner has left: the timer alone keeps it from that.
            Command::Expire => accept(Event::Expired {}),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        Ok(Self { has_ended: matches!(event, Event::Expired {}) })
    }

    fn timers(event: &Event) -> Vec<TimerOrder<Command>> {
        let after = |minutes: u64| Due::After(Duration::from_secs(minutes * 60));
        match event {
            Event::Bought { minutes } | Event::Extended { minutes } => {
                vec![set_timer("expiry", after(*minutes), Command::Expire)]
            }
            Event::Reminded { every_minutes } => {
                let again = Command::Remind { every_minutes: *every_minutes };
                vec![set_timer("expiry", after(*every_minutes), again)]
            }
            Event::Left {} | Event::Expired {} => vec![cancel_timer("expiry")],
        }
    }
}
