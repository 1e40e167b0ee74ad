//! What a pre-order does, told as stories; and what a shelf says to one who only listens.

use ondol_kernel::{Currency, Money, Timestamp};
use ondol_testkit::Story;
use shop_domain::order::CancelReason;
use shop_domain::preorder::{Command, Event, Preorder, Refusal, Terms};
use shop_domain::stock::{self, Stock};
use shop_domain::{BuyerId, OrderId, Plain, ProductId, Quantity};

const ORDER: OrderId = OrderId::from_u128(11);
const TEA: ProductId = ProductId::from_u128(1);

fn terms(won: i64) -> Terms {
    Terms {
        order: ORDER,
        buyer: BuyerId::from_u128(1),
        product: TEA,
        pieces: Quantity::ONE,
        total: Money::new(won, Currency::KRW),
        pay_with: Plain::new("card-good").expect("it is plain"),
    }
}

fn placed() -> Event {
    Event::Placed { terms: terms(15_000) }
}

fn reserved() -> Event {
    let Terms { order, total, pay_with, .. } = terms(15_000);
    Event::Reserved { order, total, pay_with }
}

fn failed(because: CancelReason) -> Event {
    Event::Failed { order: ORDER, product: TEA, because }
}

#[test]
fn a_pre_order_is_placed_reserved_and_confirmed_each_once() {
    Story::<Preorder>::new()
        .when(Command::Place { terms: terms(0) })
        .refused(Refusal::NotAPrice)
        .when(Command::Place { terms: terms(15_000) })
        .then([placed()])
        .when(Command::Place { terms: terms(15_000) })
        .nothing_happens()
        .when(Command::Place { terms: terms(1) })
        .refused(Refusal::PlacedOtherwise)
        .when(Command::NoteAuthorized)
        .nothing_happens()
        .when(Command::NoteReserved)
        .then([reserved()])
        .when(Command::NoteReserved)
        .nothing_happens()
        .when(Command::NoteAuthorized)
        .then([Event::Confirmed { order: ORDER }])
        .when(Command::NoteAuthorized)
        .nothing_happens()
        .when(Command::Fail { because: CancelReason::PaymentDeclined })
        .nothing_happens()
        .when(Command::CallOff)
        .refused(Refusal::TooLate);
}

#[test]
fn one_that_failed_has_failed_for_the_first_reason() {
    for before in [vec![placed()], vec![placed(), reserved()]] {
        Story::<Preorder>::given(before)
            .when(Command::Fail { because: CancelReason::OutOfStock })
            .then([failed(CancelReason::OutOfStock)])
            .when(Command::CallOff)
            .nothing_happens()
            .when(Command::NoteReserved)
            .nothing_happens()
            .when(Command::NoteAuthorized)
            .nothing_happens();
    }
    Story::<Preorder>::given([placed()])
        .when(Command::CallOff)
        .then([failed(CancelReason::BuyerAsked)]);
}

#[test]
fn what_is_heard_of_other_orders_is_nothing() {
    Story::<Preorder>::new()
        .when(Command::NoteReserved)
        .nothing_happens()
        .when(Command::NoteAuthorized)
        .nothing_happens()
        .when(Command::Fail { because: CancelReason::PaymentDeclined })
        .nothing_happens()
        .when(Command::CallOff)
        .refused(Refusal::NotPlaced);
}

#[test]
fn a_claim_is_a_promise_or_the_fact_that_there_are_too_few() {
    let until = Timestamp::from_micros(9).expect("a moment");
    let (two, three) = (Quantity::new(2).expect("a quantity"), Quantity::new(3).expect("one"));
    let claim = |order, pieces| stock::Command::Claim { order, pieces, until };
    let other = OrderId::from_u128(12);
    Story::<Stock>::given([stock::Event::Received { note: "n".to_owned(), pieces: three }])
        .when(claim(ORDER, two))
        .then([stock::Event::Reserved { order: ORDER, pieces: two, until }])
        .when(claim(ORDER, two))
        .nothing_happens()
        .when(claim(other, two))
        .then([stock::Event::RanShort { order: other, wanted: two, available: 1 }]);
}
