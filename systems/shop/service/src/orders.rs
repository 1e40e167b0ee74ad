//! Orders: the cart, what was bought, how far it has come, and what was sold.
//!
//! Buying is one fact of the cart, with the terms on which it was bought; the order is placed by a
//! policy that follows it, the purchase is a saga that the order starts. So whatever breaks in
//! between, what was bought is bought once.

mod bodies;
mod cart;
mod preorders;
mod queries;
mod sales;
mod views;

use std::sync::Arc;

use ondol::{Hosted, OpenApiRouter, Running, Service, Settings, routes};
use ondol_domain::{Own, Policy, ask, policy, policy_of_recorded};
use ondol_kernel::Recorded;
use ondol_runtime::{Desk, ViewReader};
use ondol_saga::{Fact, RunsSagas as _, Sagas};
use ondol_store::BoxError;
use shop_domain::cart::{self as domain_cart, Cart, Terms};
use shop_domain::contract::{ORDER, OfPayment, OfPreorder, OfSale, OfStock};
use shop_domain::order::{CancelReason, Command, Order};
use shop_domain::preorder::{self, Preorder};
use shop_domain::purchase::{PURCHASE, RESERVED_FOR, purchase};
use shop_domain::sale::{self, Sale};
use shop_domain::{Means, OrderId, Point};

use crate::access::guarded;
use crate::options::{self, OrderOptions};
use crate::rates::Rates;

pub use views::{Day, Offer, OrderRow};

/// What every route needs.
#[derive(Debug, Clone)]
struct Office {
    carts: Desk<Cart>,
    orders: Desk<Order>,
    preorders: Desk<Preorder>,
    offers: ViewReader<Offer>,
    rows: ViewReader<OrderRow>,
    days: ViewReader<Day>,
    sagas: Sagas,
    rates: Rates,
    points: Arc<[Point]>,
    means: Arc<[Means]>,
}

/// What is bought.
pub(crate) fn service() -> Hosted {
    let service = Service::named(ORDER)
        .aggregate::<Cart>()
        .aggregate::<Order>()
        .aggregate::<Sale>()
        .aggregate::<Preorder>()
        .view::<Offer>()
        .view::<OrderRow>()
        .view::<Day>()
        .saga(purchase())
        .policy(place_what_was_checked_out())
        .policy(cancel_what_came_to_nothing())
        .policy(note_what_is_kept())
        .policy(note_what_is_paid())
        .publishes(told)
        .publishes(told_of_preorder);
    Hosted::from(service).front(front)
}

fn front(running: &Running, settings: &Settings) -> Result<OpenApiRouter, BoxError> {
    let options: OrderOptions = options::read(ORDER, settings)?;
    let office = Office {
        carts: running.desk()?,
        orders: running.desk()?,
        preorders: running.desk()?,
        offers: running.view()?,
        rows: running.view()?,
        days: running.view()?,
        sagas: running.companion()?,
        rates: Rates::of(&options.rates)?,
        points: options.points.into(),
        means: options.means.into(),
    };
    let routes = OpenApiRouter::new()
        .routes(routes!(cart::cart))
        .routes(routes!(cart::put, cart::take_out))
        .routes(routes!(cart::check_out, queries::list))
        .routes(routes!(queries::one))
        .routes(routes!(queries::history))
        .routes(routes!(queries::flow))
        .routes(routes!(cart::call_off))
        .routes(routes!(preorders::place))
        .routes(routes!(preorders::one))
        .routes(routes!(preorders::history))
        .routes(routes!(preorders::call_off))
        .routes(routes!(sales::sales));
    Ok(guarded(routes.with_state(office), running, &options.access))
}

fn place_what_was_checked_out() -> Policy {
    policy_of_recorded("place what was checked out", |event: &Recorded<domain_cart::Event>| {
        placed_by(event)
    })
}

/// The order that follows from a cart that was checked out.
fn placed_by(event: &Recorded<domain_cart::Event>) -> Option<Own<Order>> {
    match &event.data {
        domain_cart::Event::CheckedOut { order, terms: Some(terms), .. } => {
            let buyer = event.stream.key().parse().ok()?;
            let Terms { region, lines, pay_with, send_to } = terms.clone();
            Some(ask::<Order>(order, Command::Place { buyer, region, lines, pay_with, send_to }))
        }
        domain_cart::Event::CheckedOut { terms: None, .. }
        | domain_cart::Event::Put { .. }
        | domain_cart::Event::TakenOut { .. } => None,
    }
}

/// A purchase that is undone cancels its order, for the reason that it knows. One that came to
/// nothing before its order was told that it is dealt with does not: then this does.
fn cancel_what_came_to_nothing() -> Policy {
    policy_of_recorded("cancel what came to nothing", |event: &Recorded<Fact>| {
        let of_purchase = event.stream.key().strip_prefix(PURCHASE)?.strip_prefix('/')?;
        let order: OrderId = of_purchase.parse().ok()?;
        let because = CancelReason::TookTooLong;
        let is_undone = matches!(event.data, Fact::Compensated);
        is_undone.then(|| ask::<Order>(order, Command::Cancel { because }))
    })
}

/// The pre-order's own part: it hears of the stock and says what follows.
fn note_what_is_kept() -> Policy {
    policy("note what is kept", |told: &OfStock| match told {
        OfStock::Reserved { order, .. } => {
            Some(ask::<Preorder>(order, preorder::Command::NoteReserved))
        }
        OfStock::RanShort { order, .. } => {
            let because = CancelReason::OutOfStock;
            Some(ask::<Preorder>(order, preorder::Command::Fail { because }))
        }
    })
}

/// The same for the money.
fn note_what_is_paid() -> Policy {
    policy("note what is paid", |told: &OfPayment| match told {
        OfPayment::Authorized { order } => {
            Some(ask::<Preorder>(order, preorder::Command::NoteAuthorized))
        }
        OfPayment::Declined { order, .. } => {
            let because = CancelReason::PaymentDeclined;
            Some(ask::<Preorder>(order, preorder::Command::Fail { because }))
        }
        OfPayment::PutOff { .. } => None,
    })
}

/// What others hear of a pre-order.
fn told_of_preorder(event: &Recorded<preorder::Event>) -> Option<OfPreorder> {
    Some(match event.data.clone() {
        preorder::Event::Placed { terms } => {
            let until = event.metadata.time.checked_add(RESERVED_FOR)?;
            let preorder::Terms { order, product, pieces, .. } = terms;
            OfPreorder::Placed { order, product, pieces, until }
        }
        preorder::Event::Reserved { order, total, pay_with } => {
            OfPreorder::Reserved { order, total, pay_with }
        }
        preorder::Event::Confirmed { order } => OfPreorder::Confirmed { order },
        preorder::Event::Failed { order, product, .. } => OfPreorder::Failed { order, product },
    })
}

/// What others hear of a sale.
fn told(event: &Recorded<sale::Event>) -> Vec<OfSale> {
    let Ok(order) = event.stream.key().parse() else { return Vec::new() };
    let sale::Event::Booked { lines, .. } = &event.data;
    let sold = |line: &shop_domain::order::Line| OfSale::Sold {
        order,
        product: line.product,
        pieces: line.pieces,
    };
    lines.iter().map(sold).collect()
}
