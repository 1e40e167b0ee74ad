//! What the cases are made of.

use ondol_kernel::{Id, Position, Timestamp};

use crate::{BookName, Checkpoint, Generation, Order, Timer, TimerId, TimerStore, Write};

pub fn book() -> BookName {
    named("things")
}

pub fn named(name: &str) -> BookName {
    BookName::new(name).expect("a book's name")
}

pub fn second(second: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + second * 1_000_000).expect("a moment")
}

pub fn id(stream: &str, name: &str) -> TimerId {
    TimerId {
        stream: format!("thing:{stream}").parse().expect("a stream's name"),
        name: name.parse().expect("a timer's name"),
    }
}

pub fn timer(stream: &str, name: &str, generation: u64, due: i64) -> Timer {
    Timer { id: id(stream, name), generation: Generation(generation), due: second(due) }
}

pub fn set(stream: &str, name: &str, generation: u64, due: i64) -> Order {
    Order::Set(timer(stream, name, generation, due))
}

pub fn at(position: u64) -> Checkpoint {
    Checkpoint { epoch: Id::from_u128(7), position: Position::new(position) }
}

/// Moves the checkpoint from one position to another; from nothing, when the first is zero.
pub fn write(from: u64, to: u64, orders: Vec<Order>) -> Write {
    let from = (from > 0).then(|| at(from));
    Write { book: book(), from, to: at(to), orders }
}

pub async fn all_due(store: &dyn TimerStore, until: i64) -> Vec<Timer> {
    store.due(&book(), second(until), None, 1_000).await.expect("the timers are read")
}

/// The stream's key and the timer's name of each, to be compared at a glance.
pub fn names(timers: &[Timer]) -> Vec<String> {
    timers.iter().map(|timer| format!("{}/{}", timer.id.stream.key(), timer.id.name)).collect()
}
