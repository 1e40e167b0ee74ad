//! What a stock does, told as stories a warehouse can check.

use ondol_kernel::Timestamp;
use ondol_testkit::Story;
use shop_domain::stock::{Command, Event, LetGoReason, RESERVATIONS_MAX, Refusal, Stock};
use shop_domain::{OrderId, QUANTITY_MAX, Quantity};

const FIRST: OrderId = OrderId::from_u128(1);
const SECOND: OrderId = OrderId::from_u128(2);

fn pieces(number: u32) -> Quantity {
    Quantity::new(number).expect("a quantity")
}

fn until() -> Timestamp {
    Timestamp::from_micros(1_764_000_000_000_000).expect("a moment")
}

fn received(note: &str, number: u32) -> Event {
    Event::Received { note: note.to_owned(), pieces: pieces(number) }
}

fn reserve(order: OrderId, number: u32) -> Command {
    Command::Reserve { order, pieces: pieces(number), until: until() }
}

fn reserved(order: OrderId, number: u32) -> Event {
    Event::Reserved { order, pieces: pieces(number), until: until() }
}

#[test]
fn the_last_piece_goes_to_one_order() {
    let story = Story::<Stock>::given([received("a", 1)])
        .when(reserve(FIRST, 1))
        .then([reserved(FIRST, 1)])
        .when(reserve(SECOND, 1))
        .refused(Refusal::OutOfStock { available: 0 })
        .when(Command::HandOver { order: FIRST })
        .then([Event::HandedOver { order: FIRST }]);
    assert_eq!((story.state().shelf().pieces(), story.state().shelf().reserved()), (0, 0));
}

#[test]
fn what_is_let_go_can_be_sold_to_others() {
    let because = LetGoReason::TimeRanOut;
    Story::<Stock>::given([received("a", 1), reserved(FIRST, 1)])
        .when(Command::LetGo { order: FIRST, because })
        .then([Event::LetGo { order: FIRST, because }])
        .when(Command::LetGo { order: FIRST, because })
        .nothing_happens()
        .when(reserve(SECOND, 1))
        .then([reserved(SECOND, 1)])
        .when(reserve(FIRST, 1))
        .refused(Refusal::LetGoAlready)
        .when(Command::HandOver { order: FIRST })
        .refused(Refusal::LetGoAlready);
}

#[test]
fn asking_twice_is_asking_once() {
    Story::<Stock>::given([received("a", 5), reserved(FIRST, 2)])
        .when(reserve(FIRST, 2))
        .nothing_happens()
        .when(reserve(FIRST, 3))
        .refused(Refusal::ReservedOtherwise { pieces: pieces(2) })
        .when(Command::HandOver { order: FIRST })
        .then([Event::HandedOver { order: FIRST }])
        .when(Command::HandOver { order: FIRST })
        .nothing_happens()
        .when(reserve(FIRST, 2))
        .refused(Refusal::HandedOverAlready)
        .when(Command::LetGo { order: FIRST, because: LetGoReason::OrderEnded })
        .refused(Refusal::HandedOverAlready);
}

#[test]
fn a_promise_that_was_never_made_is_not_kept_and_needs_no_taking_back() {
    Story::<Stock>::given([received("a", 5)])
        .when(Command::HandOver { order: FIRST })
        .refused(Refusal::NothingReserved)
        .when(Command::LetGo { order: FIRST, because: LetGoReason::OrderEnded })
        .nothing_happens();
}

#[test]
fn a_delivery_comes_once_and_a_shelf_has_an_end() {
    Story::<Stock>::given([received("a", 5)])
        .when(Command::Receive { note: "a".to_owned(), pieces: pieces(5) })
        .nothing_happens()
        .when(Command::Receive { note: "b".to_owned(), pieces: pieces(QUANTITY_MAX) })
        .refused(Refusal::ShelfIsFull { pieces: 5 });
}

#[test]
fn only_so_many_orders_wait_at_one_shelf() {
    let promised = (0..RESERVATIONS_MAX).map(|order| reserved(OrderId::from_u128(order.into()), 1));
    let history = [received("a", QUANTITY_MAX)].into_iter().chain(promised);
    Story::<Stock>::given(history)
        .when(reserve(OrderId::from_u128(u128::MAX), 1))
        .refused(Refusal::TooManyReservations { most: RESERVATIONS_MAX });
}
