//! The stock: how many pieces of each product there are, and to whom they are promised.

mod http;

use ondol::{Hosted, OpenApiRouter, Running, Service, Settings, routes};
use ondol_domain::{Policy, ask, policy};
use ondol_kernel::Recorded;
use ondol_runtime::Accepts;
use ondol_store::BoxError;
use shop_domain::contract::{OfPreorder, OfStock, STOCK, Warehouse};
use shop_domain::stock::{Command, Event, LetGoReason, Stock};

use crate::access::guarded;
use crate::options::{self, StockOptions};

/// How many there are.
pub(crate) fn service() -> Hosted {
    let warehouse = Accepts::<Warehouse, Stock>::new(
        Warehouse::command,
        |_asked, _happened| (),
        |refusal| refusal,
    );
    let service = Service::named(STOCK)
        .aggregate::<Stock>()
        .accepts(warehouse)
        .policy(keep_what_was_pre_ordered())
        .publishes(told);
    Hosted::from(service).front(front)
}

/// The warehouse's part in a pre-order: nobody asks it, it hears.
fn keep_what_was_pre_ordered() -> Policy {
    policy("keep what was pre-ordered", |told: &OfPreorder| match told {
        &OfPreorder::Placed { order, product, pieces, until } => {
            Some(ask::<Stock>(product, Command::Claim { order, pieces, until }))
        }
        &OfPreorder::Failed { order, product } => {
            let because = LetGoReason::OrderEnded;
            Some(ask::<Stock>(product, Command::LetGo { order, because }))
        }
        OfPreorder::Reserved { .. } | OfPreorder::Confirmed { .. } => None,
    })
}

/// What others hear of the stock.
fn told(event: &Recorded<Event>) -> Option<OfStock> {
    let product = event.stream.key().parse().ok()?;
    match event.data {
        Event::Reserved { order, .. } => Some(OfStock::Reserved { order, product }),
        Event::RanShort { order, .. } => Some(OfStock::RanShort { order, product }),
        Event::Received { .. } | Event::HandedOver { .. } | Event::LetGo { .. } => None,
    }
}

fn front(running: &Running, settings: &Settings) -> Result<OpenApiRouter, BoxError> {
    let options: StockOptions = options::read(STOCK, settings)?;
    let routes = OpenApiRouter::new()
        .routes(routes!(http::levels))
        .routes(routes!(http::receive))
        .with_state(running.desk::<Stock>()?);
    Ok(guarded(routes, running, &options.access))
}
