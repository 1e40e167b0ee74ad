//! What holds for every stock and every charge, whatever is asked of them and in whatever order.

use ondol_domain::{Aggregate, fold};
use ondol_kernel::{Currency, Money, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use shop_domain::charge::{self, Charge};
use shop_domain::stock::{self, LetGoReason, Stock};
use shop_domain::{Means, OrderId, Quantity};

fn orders() -> impl Strategy<Value = OrderId> {
    (0_u128..8).prop_map(OrderId::from_u128)
}

fn pieces() -> impl Strategy<Value = Quantity> {
    (1_u32..6).prop_map(|pieces| Quantity::new(pieces).expect("a quantity"))
}

fn of_a_stock() -> impl Strategy<Value = stock::Command> {
    let until = Timestamp::from_micros(0).expect("a moment");
    let because = LetGoReason::OrderEnded;
    prop_oneof![
        2 => ("[a-f]", pieces())
            .prop_map(|(note, pieces)| stock::Command::Receive { note, pieces }),
        5 => (orders(), pieces())
            .prop_map(move |(order, pieces)| stock::Command::Reserve { order, pieces, until }),
        2 => (orders(), pieces())
            .prop_map(move |(order, pieces)| stock::Command::Claim { order, pieces, until }),
        3 => orders().prop_map(|order| stock::Command::HandOver { order }),
        3 => orders().prop_map(move |order| stock::Command::LetGo { order, because }),
    ]
}

fn of_a_charge() -> impl Strategy<Value = charge::Command> {
    let won = |amount| Money::new(amount, Currency::KRW);
    prop_oneof![
        2 => (1_i64..100).prop_map(move |amount| charge::Command::Request {
            order: OrderId::from_u128(1),
            amount: won(amount),
            means: Means::default(),
        }),
        3 => Just(charge::Command::NoteAuthorized { reference: "p-1".to_owned() }),
        1 => Just(charge::Command::NoteDeclined { because: "no".to_owned() }),
        1 => Just(charge::Command::PutOff),
        3 => Just(charge::Command::Capture),
        1 => Just(charge::Command::Void),
        4 => (-1_i64..60).prop_map(move |amount| charge::Command::Refund { amount: won(amount) }),
    ]
}

/// Lives through the commands; each event that is decided has to be possible.
fn live<A: Aggregate>(life: Vec<A::Command>) -> (A, Vec<A::Event>) {
    let mut history = Vec::new();
    let mut thing = A::default();
    for command in life {
        for event in thing.decide(command).unwrap_or_default() {
            thing = thing.evolve(&event).expect("what is decided can happen");
            history.push(event);
        }
    }
    (thing, history)
}

proptest! {
    #[test]
    fn no_piece_is_sold_twice_and_none_comes_from_nowhere(life in vec(of_a_stock(), 0..150)) {
        let (stock, history) = live::<Stock>(life);
        let count = |event: &stock::Event| match event {
            stock::Event::Received { pieces, .. } => i64::from(pieces.pieces()),
            stock::Event::HandedOver { order } => -promised(&history, *order),
            stock::Event::Reserved { .. }
            | stock::Event::RanShort { .. }
            | stock::Event::LetGo { .. } => 0,
        };
        let left: i64 = history.iter().map(count).sum();
        let shelf = stock.shelf();
        prop_assert_eq!(i64::from(shelf.pieces()), left);
        prop_assert!(shelf.reserved() <= shelf.pieces());
        prop_assert_eq!(shelf.available(), shelf.pieces() - shelf.reserved());
    }

    #[test]
    fn no_more_is_given_back_than_was_taken(life in vec(of_a_charge(), 0..60)) {
        let (charge, history) = live::<Charge>(life);
        let taken = history.contains(&charge::Event::Captured);
        let back: i64 = history.iter().map(given_back).sum();
        match charge {
            Charge::Captured { amount, left, .. } => {
                prop_assert!(taken && !left.is_negative());
                prop_assert_eq!(amount.minor() - left.minor(), back);
            }
            _ => prop_assert!(!taken && back == 0),
        }
    }

    #[test]
    fn a_stock_and_a_charge_read_back_as_they_were_written(
        stock in vec(of_a_stock(), 0..80),
        charge in vec(of_a_charge(), 0..40),
    ) {
        reads_back::<Stock>(stock)?;
        reads_back::<Charge>(charge)?;
    }
}

fn promised(history: &[stock::Event], to: OrderId) -> i64 {
    let pieces = history.iter().find_map(|event| match event {
        stock::Event::Reserved { order, pieces, .. } if *order == to => Some(pieces.pieces()),
        _ => None,
    });
    i64::from(pieces.expect("what was handed over had been promised"))
}

fn given_back(event: &charge::Event) -> i64 {
    match event {
        charge::Event::Refunded { amount } => amount.minor(),
        _ => 0,
    }
}

fn reads_back<A: Aggregate + PartialEq>(life: Vec<A::Command>) -> Result<(), TestCaseError> {
    let (thing, history) = live::<A>(life);
    prop_assert_eq!(&fold::<A>(&history).expect("a history is possible"), &thing);
    let snapshot = A::snapshot().expect("it is written down between events");
    let written = snapshot.write(&thing).expect("it can be written");
    prop_assert_eq!(snapshot.read(&written).expect("it can be read"), thing);
    Ok(())
}
