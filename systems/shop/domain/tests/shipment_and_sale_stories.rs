//! What a shipment and a sale do, told as stories.

use ondol_kernel::{Currency, Money};
use ondol_testkit::Story;
use shop_domain::order::{Line, Region};
use shop_domain::sale::{self, Sale};
use shop_domain::shipment::{Command, Event, Refusal, Shipment};
use shop_domain::{BuyerId, OrderId, PLAIN_BYTES_MAX, Plain, ProductId, Quantity};

const ORDER: OrderId = OrderId::from_u128(11);

fn to() -> Plain {
    Plain::new("SEOUL-04").expect("it is plain")
}

fn request() -> Command {
    Command::Request { order: ORDER, to: to(), pieces: Quantity::ONE }
}

fn requested() -> Event {
    Event::Requested { order: ORDER, to: to(), pieces: Quantity::ONE }
}

fn taken() -> Event {
    Event::Taken { reference: "s-1".to_owned() }
}

fn note_taken() -> Command {
    Command::NoteTaken { reference: "s-1".to_owned() }
}

#[test]
fn a_shipment_is_asked_for_taken_and_arrives_each_once() {
    Story::<Shipment>::new()
        .when(note_taken())
        .refused(Refusal::NotRequested)
        .when(request())
        .then([requested()])
        .when(request())
        .nothing_happens()
        .when(Command::NoteArrived)
        .refused(Refusal::NotTaken)
        .when(note_taken())
        .then([taken()])
        .when(note_taken())
        .nothing_happens()
        .when(Command::NoteRefused { because: "late".to_owned() })
        .refused(Refusal::TakenAlready)
        .when(Command::NoteArrived)
        .then([Event::Arrived])
        .when(Command::NoteArrived)
        .nothing_happens()
        .when(Command::CallOff)
        .refused(Refusal::Arrived);
}

#[test]
fn what_was_called_off_never_leaves_and_what_was_never_asked_for_needs_no_calling_off() {
    Story::<Shipment>::new().when(Command::CallOff).nothing_happens();
    Story::<Shipment>::given([requested()])
        .when(Command::CallOff)
        .then([Event::CalledOff])
        .when(request())
        .refused(Refusal::CalledOff)
        .when(Command::CallOff)
        .nothing_happens();
    Story::<Shipment>::given([requested(), taken()])
        .when(Command::CallOff)
        .then([Event::CalledOff])
        .when(note_taken())
        .refused(Refusal::CalledOff)
        .when(Command::NoteArrived)
        .refused(Refusal::CalledOff);
}

#[test]
fn a_carrier_that_said_no_has_said_no() {
    let because = || "no_capacity".to_owned();
    Story::<Shipment>::given([requested()])
        .when(Command::NoteRefused { because: because() })
        .then([Event::Refused { because: because() }])
        .when(Command::NoteRefused { because: because() })
        .nothing_happens()
        .when(note_taken())
        .refused(Refusal::Refused { because: because() })
        .when(request())
        .refused(Refusal::Refused { because: because() })
        .when(Command::CallOff)
        .nothing_happens();
}

#[test]
fn a_sale_is_booked_once() {
    let buyer = BuyerId::from_u128(1);
    let book = |won| {
        let price = Money::new(won, Currency::KRW);
        let lines = vec![Line { product: ProductId::from_u128(1), pieces: Quantity::ONE, price }];
        (buyer, Region::Asia, lines, price)
    };
    let command = |won| {
        let (buyer, region, lines, total) = book(won);
        sale::Command::Book { buyer, region, lines, total }
    };
    let (buyer, region, lines, total) = book(100);
    Story::<Sale>::new()
        .when(command(100))
        .then([sale::Event::Booked { buyer, region, lines, total }])
        .when(command(100))
        .nothing_happens()
        .when(command(101))
        .refused(sale::Refusal::BookedOtherwise);
}

#[test]
fn a_plain_name_is_short_and_plain() {
    for good in ["card-good", "SEOUL-04", "a.b", &"x".repeat(PLAIN_BYTES_MAX)] {
        assert!(Plain::new(good).is_ok(), "{good}");
    }
    for bad in ["", "a b", "a/b", "<b>", "서울", &"x".repeat(PLAIN_BYTES_MAX + 1)] {
        assert!(Plain::new(bad).is_err(), "{bad}");
    }
}
