//! A purchase: from an order that was placed to goods that are on their way and paid for.
//!
//! The stock is reserved, the money is authorized, the carrier takes the parcel, the money is taken:
//! until then everything can be undone, in reverse, and the order is cancelled for a reason that
//! the buyer can read. Once the money is taken nothing is undone any more, and what is left is done.
//! When the payment provider cannot be reached, the purchase waits: the order is kept, the stock
//! stays reserved, and the money is asked for when the provider is back. It ends when the parcel has
//! arrived; of one that does not arrive, a person is told.

use std::time::Duration;

use ondol_domain::{Answer, Own, Saga, Step, Turn, ask};
use ondol_kernel::{Money, Recorded, Timestamp};
use serde::{Deserialize, Serialize};

use crate::contract::{Cashier, Dispatch, OfPayment, OfShipment, Warehouse};
use crate::order::{self, CancelReason, Line, Order, Region};
use crate::sale::{self, Sale};
use crate::{BuyerId, Means, OrderId, Point, Quantity};

/// What the saga is called.
pub const PURCHASE: &str = "shop.purchase";
/// How many products one order can be for.
pub const PRODUCTS_MAX: usize = 8;
/// How long a purchase may take before it is undone.
pub const PURCHASE_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// How long a parcel may be on its way before a person is told.
pub const ARRIVES_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long stock stays reserved for one: longer than it may take.
pub const RESERVED_FOR: Duration = Duration::from_secs(25 * 3600);

const RESERVE: [&str; PRODUCTS_MAX] = [
    "reserve 1",
    "reserve 2",
    "reserve 3",
    "reserve 4",
    "reserve 5",
    "reserve 6",
    "reserve 7",
    "reserve 8",
];
const HAND_OVER: [&str; PRODUCTS_MAX] = [
    "hand over 1",
    "hand over 2",
    "hand over 3",
    "hand over 4",
    "hand over 5",
    "hand over 6",
    "hand over 7",
    "hand over 8",
];

/// What a purchase knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// Of which order.
    pub order: OrderId,
    /// Who buys.
    pub buyer: BuyerId,
    /// Where in the world it is dealt with.
    pub region: Region,
    /// What is bought.
    pub lines: Vec<Line>,
    /// What it costs.
    pub total: Money,
    /// What it is paid with.
    pub pay_with: Means,
    /// Where it is picked up.
    pub send_to: Point,
    /// Until when the stock stays reserved.
    pub until: Timestamp,
    /// How far it has come.
    #[serde(default)]
    pub reached: Reached,
    /// What came in between, if anything did.
    #[serde(default)]
    pub trouble: Option<CancelReason>,
    /// Whether the payment provider cannot be reached just now.
    #[serde(default)]
    pub is_put_off: bool,
}

/// That the stock is reserved, once it was noted.
const RESERVED: Answer<()> = Answer::of("note reserved");

/// How far a purchase has come, as it was heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reached {
    /// It was begun.
    #[default]
    Begun,
    /// The stock is reserved. Purchases of old have this written; now the step's answer says it.
    Reserved,
    /// The money is promised.
    Authorized,
}

/// Brings an order to its end.
pub fn purchase() -> Saga<Purchase> {
    purchase_of_up_to(PRODUCTS_MAX)
}

/// The same for orders of so many products at most, [`PRODUCTS_MAX`] or fewer: what is proved of few
/// is proved quickly, and each product is dealt with like the first.
pub fn purchase_of_up_to(products: usize) -> Saga<Purchase> {
    let products = products.min(PRODUCTS_MAX);
    Saga::<Purchase>::named(PURCHASE, 1)
        .identified_by(|purchase| purchase.order.to_string())
        .starts_on(of_placed)
        .on(of_payment, hear_payment)
        .on(of_shipment, hear_shipment)
        .on(of_order, hear_order)
        .step("begin", |purchase| of(purchase, order::Command::Begin))
        .undo_knowing(RESERVED.if_there(), cancel)
        .all((0..products).map(reserve))
        .step("note reserved", |purchase| of(purchase, order::Command::NoteStockReserved))
        .reply(|()| ())
        .step("request payment", request)
        .undo(|purchase| Cashier::Void { order: purchase.order })
        .wait("authorized", of_payment, authorized)
        .within(PURCHASE_WITHIN)
        .step("ship", ship)
        .undo(|purchase| Dispatch::CallOff { order: purchase.order })
        .wait("taken", of_shipment, taken)
        .within(PURCHASE_WITHIN)
        .step("capture", |purchase| Cashier::Capture { order: purchase.order })
        .pivot()
        .all((0..products).map(hand_over))
        .step("note paid", note_paid)
        .step("note shipped", note_shipped)
        .step("book", book)
        .wait("arrived", of_shipment, arrived)
        .within(ARRIVES_WITHIN)
        .step("note delivered", |purchase| of(purchase, order::Command::NoteDelivered))
        .deadline(PURCHASE_WITHIN)
}

/// What a purchase knows when its order was placed.
fn of_placed(event: &Recorded<order::Event>) -> Option<Purchase> {
    let order::Event::Placed { buyer, region, lines, total, pay_with, send_to } = &event.data
    else {
        return None;
    };
    Some(Purchase {
        order: event.stream.key().parse().ok()?,
        buyer: *buyer,
        region: *region,
        lines: lines.clone(),
        total: *total,
        pay_with: pay_with.clone(),
        send_to: send_to.clone(),
        until: event.metadata.time.checked_add(RESERVED_FOR)?,
        reached: Reached::Begun,
        trouble: None,
        is_put_off: false,
    })
}

fn of(purchase: &Purchase, command: order::Command) -> Own<Order> {
    ask::<Order>(purchase.order, command)
}

fn reserve(at: usize) -> Step<Purchase> {
    Step::named(RESERVE[at], move |purchase: &Purchase| {
        let (line, order, until) = (&purchase.lines[at], purchase.order, purchase.until);
        Warehouse::Reserve { product: line.product, order, pieces: line.pieces, until }
    })
    .undo(move |purchase| Warehouse::LetGo {
        product: purchase.lines[at].product,
        order: purchase.order,
    })
    .when(move |purchase| purchase.lines.len() > at)
}

fn hand_over(at: usize) -> Step<Purchase> {
    Step::named(HAND_OVER[at], move |purchase: &Purchase| Warehouse::HandOver {
        product: purchase.lines[at].product,
        order: purchase.order,
    })
    .when(move |purchase| purchase.lines.len() > at)
}

fn request(purchase: &Purchase) -> Cashier {
    let Purchase { order, total, pay_with, .. } = purchase.clone();
    Cashier::Request { order, amount: total, means: pay_with }
}

fn ship(purchase: &Purchase) -> Dispatch {
    let pieces =
        purchase.lines.iter().map(|line| line.pieces.pieces()).fold(0, u32::saturating_add);
    let pieces = Quantity::new(pieces).unwrap_or(Quantity::ONE);
    Dispatch::Ship { order: purchase.order, to: purchase.send_to.clone(), pieces }
}

fn note_paid(purchase: &Purchase) -> Own<Order> {
    of(purchase, order::Command::NotePaid { charge: purchase.order.of() })
}

fn note_shipped(purchase: &Purchase) -> Own<Order> {
    of(purchase, order::Command::NoteShipped { shipment: purchase.order.of() })
}

fn book(purchase: &Purchase) -> Own<Sale> {
    let Purchase { order, buyer, region, lines, total, .. } = purchase.clone();
    ask::<Sale>(order, sale::Command::Book { buyer, region, lines, total })
}

/// Why it came to nothing: what was heard of, or else what it did not get past.
fn cancel(purchase: &Purchase, reserved: Option<()>) -> Own<Order> {
    let because = purchase.trouble.unwrap_or(match purchase.reached {
        Reached::Begun if reserved.is_none() => CancelReason::OutOfStock,
        Reached::Begun | Reached::Reserved => CancelReason::TookTooLong,
        Reached::Authorized => CancelReason::CannotBeShipped,
    });
    of(purchase, order::Command::GiveUp { because })
}

fn of_payment(told: &OfPayment) -> String {
    match told {
        OfPayment::Authorized { order }
        | OfPayment::Declined { order, .. }
        | OfPayment::PutOff { order } => order.to_string(),
    }
}

fn of_shipment(told: &OfShipment) -> String {
    match told {
        OfShipment::Taken { order }
        | OfShipment::Refused { order, .. }
        | OfShipment::Arrived { order } => order.to_string(),
    }
}

/// Of its own orders' events only one turns a purchase round.
fn of_order(event: &order::Event) -> String {
    match event {
        order::Event::CalledOff { order } => order.to_string(),
        order::Event::Placed { .. }
        | order::Event::Begun
        | order::Event::StockReserved
        | order::Event::Paid { .. }
        | order::Event::Shipped { .. }
        | order::Event::Delivered
        | order::Event::Cancelled { .. } => String::new(),
    }
}

fn hear_order(purchase: &mut Purchase, _called_off: &order::Event) -> Turn {
    purchase.trouble = Some(CancelReason::BuyerAsked);
    Turn::Unwind("the buyer does not want it any more".to_owned())
}

fn hear_payment(purchase: &mut Purchase, told: &OfPayment) -> Turn {
    match told {
        OfPayment::Declined { because, .. } => {
            purchase.trouble = Some(CancelReason::PaymentDeclined);
            Turn::Unwind(format!("the payment was declined: {because}"))
        }
        OfPayment::PutOff { .. } => {
            purchase.is_put_off = true;
            Turn::GoOn
        }
        OfPayment::Authorized { .. } => {
            purchase.reached = Reached::Authorized;
            purchase.is_put_off = false;
            Turn::GoOn
        }
    }
}

fn hear_shipment(purchase: &mut Purchase, told: &OfShipment) -> Turn {
    match told {
        OfShipment::Refused { because, .. } => {
            purchase.trouble = Some(CancelReason::CannotBeShipped);
            Turn::Unwind(format!("the carrier does not take it: {because}"))
        }
        OfShipment::Taken { .. } | OfShipment::Arrived { .. } => Turn::GoOn,
    }
}

fn authorized(_purchase: &Purchase, told: &OfPayment) -> Option<Turn> {
    matches!(told, OfPayment::Authorized { .. }).then_some(Turn::GoOn)
}

fn taken(_purchase: &Purchase, told: &OfShipment) -> Option<Turn> {
    matches!(told, OfShipment::Taken { .. }).then_some(Turn::GoOn)
}

fn arrived(_purchase: &Purchase, told: &OfShipment) -> Option<Turn> {
    matches!(told, OfShipment::Arrived { .. }).then_some(Turn::GoOn)
}
