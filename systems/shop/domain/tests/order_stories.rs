//! What an order does, told as stories a shopkeeper can check.

use ondol_kernel::{Currency, Money};
use ondol_testkit::Story;
use shop_domain::order::{
    CancelReason, Command, Event, LINES_MAX, Line, Order, Refusal, Region, Stage, TotalError,
};
use shop_domain::{BuyerId, ChargeId, OrderId, Plain, ProductId, Quantity, ShipmentId};

const KIM: BuyerId = BuyerId::from_u128(1);
const LEE: BuyerId = BuyerId::from_u128(2);
const ORDER: OrderId = OrderId::from_u128(11);
const CHARGE: ChargeId = ChargeId::from_u128(21);
const SHIPMENT: ShipmentId = ShipmentId::from_u128(31);

fn line(product: u128, pieces: u32, won: i64) -> Line {
    Line {
        product: ProductId::from_u128(product),
        pieces: Quantity::new(pieces).expect("a quantity"),
        price: Money::new(won, Currency::KRW),
    }
}

fn plain(text: &str) -> Plain {
    Plain::new(text).expect("it is plain")
}

fn lines() -> Vec<Line> {
    vec![line(1, 2, 15_000), line(2, 1, 9_900)]
}

fn place(lines: Vec<Line>) -> Command {
    let (pay_with, send_to) = (plain("card-good"), plain("SEOUL-04"));
    Command::Place { buyer: KIM, region: Region::Asia, lines, pay_with, send_to }
}

fn placed() -> Event {
    let total = Money::new(39_900, Currency::KRW);
    let (pay_with, send_to) = (plain("card-good"), plain("SEOUL-04"));
    Event::Placed { buyer: KIM, region: Region::Asia, lines: lines(), total, pay_with, send_to }
}

fn paid() -> Vec<Event> {
    vec![placed(), Event::StockReserved, Event::Paid { charge: CHARGE }]
}

fn shipped() -> Vec<Event> {
    [paid(), vec![Event::Shipped { shipment: SHIPMENT }]].concat()
}

#[test]
fn an_order_comes_from_the_cart_to_the_door() {
    Story::<Order>::new()
        .when(place(lines()))
        .then([placed()])
        .when(Command::NoteStockReserved)
        .then([Event::StockReserved])
        .when(Command::NotePaid { charge: CHARGE })
        .then([Event::Paid { charge: CHARGE }])
        .when(Command::NoteShipped { shipment: SHIPMENT })
        .then([Event::Shipped { shipment: SHIPMENT }])
        .when(Command::NoteDelivered)
        .then([Event::Delivered]);
}

#[test]
fn what_has_been_done_is_not_done_again() {
    for command in [
        place(lines()),
        Command::NoteStockReserved,
        Command::NotePaid { charge: CHARGE },
        Command::NoteShipped { shipment: SHIPMENT },
    ] {
        Story::<Order>::given(shipped()).when(command).nothing_happens();
    }
}

#[test]
fn no_step_is_left_out() {
    Story::<Order>::given([placed()])
        .when(Command::NotePaid { charge: CHARGE })
        .refused(Refusal::NotYet { stage: Stage::Placed })
        .when(Command::NoteDelivered)
        .refused(Refusal::NotYet { stage: Stage::Placed });
}

#[test]
fn an_order_is_paid_by_one_charge() {
    Story::<Order>::given(paid())
        .when(Command::NotePaid { charge: ChargeId::from_u128(22) })
        .refused(Refusal::DoneOtherwise { stage: Stage::Paid { charge: CHARGE } });
}

#[test]
fn an_order_can_be_cancelled_until_it_is_on_its_way() {
    let because = CancelReason::BuyerAsked;
    for until in 1..=3 {
        Story::<Order>::given(paid().into_iter().take(until))
            .when(Command::Cancel { because })
            .then([Event::Cancelled { because }])
            .when(Command::Cancel { because: CancelReason::TookTooLong })
            .nothing_happens()
            .when(Command::NoteStockReserved)
            .refused(Refusal::Cancelled { because });
    }
    Story::<Order>::given(shipped())
        .when(Command::Cancel { because })
        .refused(Refusal::TooLateToCancel { stage: Stage::Shipped { shipment: SHIPMENT } });
}

#[test]
fn an_order_that_nobody_placed_does_nothing() {
    for command in
        [Command::NoteStockReserved, Command::Cancel { because: CancelReason::OutOfStock }]
    {
        Story::<Order>::new().when(command).refused(Refusal::NotPlaced);
    }
}

#[test]
fn an_order_is_placed_once_by_one_buyer() {
    let (pay_with, send_to) = (plain("card-good"), plain("SEOUL-04"));
    let (buyer, lines) = (LEE, lines());
    let command = Command::Place { buyer, region: Region::Asia, lines, pay_with, send_to };
    Story::<Order>::given([placed()]).when(command).refused(Refusal::PlacedOtherwise);
}

#[test]
fn lines_that_are_no_order_are_refused() {
    let dollars = Line { price: Money::new(1_00, Currency::USD), ..line(2, 1, 1) };
    let cases = [
        (vec![], TotalError::NoLines),
        (vec![line(1, 1, 10), line(1, 2, 10)], TotalError::SameProductTwice),
        (vec![line(1, 1, 0)], TotalError::NotAPrice),
        (vec![line(1, 1, -5)], TotalError::NotAPrice),
        (vec![line(1, 1, 10), dollars], TotalError::NoSum),
        (vec![line(1, 2, i64::MAX)], TotalError::NoSum),
    ];
    for (lines, because) in cases {
        Story::<Order>::new().when(place(lines)).refused(Refusal::NoTotal { because });
    }
    let many = (0..=LINES_MAX).map(|product| line(u128::from(product), 1, 1)).collect();
    let most = LINES_MAX;
    Story::<Order>::new().when(place(many)).refused(Refusal::TooManyLines { most });
}

#[test]
fn the_buyer_calls_an_order_off_until_it_is_paid() {
    Story::<Order>::given([placed()])
        .when(Command::Begin)
        .then([Event::Begun])
        .when(Command::Begin)
        .nothing_happens()
        .when(Command::CallOff { order: ORDER })
        .then([Event::CalledOff { order: ORDER }])
        .when(Command::CallOff { order: ORDER })
        .nothing_happens()
        .when(place(lines()))
        .nothing_happens()
        .when(Command::Cancel { because: CancelReason::BuyerAsked })
        .then([Event::Cancelled { because: CancelReason::BuyerAsked }])
        .when(Command::CallOff { order: ORDER })
        .nothing_happens()
        .when(Command::Begin)
        .refused(Refusal::Cancelled { because: CancelReason::BuyerAsked });
    Story::<Order>::given(paid())
        .when(Command::CallOff { order: ORDER })
        .refused(Refusal::TooLateToCancel { stage: Stage::Paid { charge: CHARGE } });
}

#[test]
fn whoever_has_not_begun_to_deal_with_an_order_does_not_end_it() {
    let because = CancelReason::OutOfStock;
    Story::<Order>::given([placed()])
        .when(Command::GiveUp { because })
        .nothing_happens()
        .when(Command::Begin)
        .then([Event::Begun])
        .when(Command::GiveUp { because })
        .then([Event::Cancelled { because }])
        .when(Command::GiveUp { because })
        .nothing_happens();
}
