//! The catalog: what is sold, in several languages and currencies, found by words.
//!
//! Products are read far more often than they change, so all that is on sale is kept at hand as one
//! picture of the shelf, refreshed when it has grown old: a list, a batch and a search read memory
//! and no database.

mod bodies;
mod commands;
mod hangul;
mod picture;
mod queries;
mod recommend;
mod shelf;
mod views;

use ondol::{Hosted, OpenApiRouter, Running, Service, Settings, routes};
use ondol_kernel::Recorded;
use ondol_runtime::Desk;
use ondol_store::BoxError;
use shop_domain::contract::{CATALOG, OfProduct};
use shop_domain::product::{Event, Product};

use crate::access::guarded;
use crate::options::{self, CatalogOptions};
use crate::rates::Rates;

pub use views::{Card, Popular};

use recommend::Recommender;
use shelf::Shelf;

/// What every route needs.
#[derive(Debug, Clone)]
struct Clerk {
    desk: Desk<Product>,
    shelf: Shelf,
    rates: Rates,
    recommender: Recommender,
}

/// What is sold.
pub(crate) fn service() -> Hosted {
    let service = Service::named(CATALOG)
        .aggregate::<Product>()
        .view::<Card>()
        .view::<Popular>()
        .publishes(told);
    Hosted::from(service).front(front)
}

fn front(running: &Running, settings: &Settings) -> Result<OpenApiRouter, BoxError> {
    let options: CatalogOptions = options::read(CATALOG, settings)?;
    let shelf = Shelf::new(running.view()?, running.home().ground.clock.clone());
    let clerk = Clerk {
        desk: running.desk()?,
        recommender: Recommender::new(&options, running.view()?)?,
        rates: Rates::of(&options.rates)?,
        shelf,
    };
    let routes = OpenApiRouter::new()
        .routes(routes!(queries::list, commands::list))
        .routes(routes!(queries::one))
        .routes(routes!(queries::picture))
        .routes(routes!(queries::categories))
        .routes(routes!(queries::recommended))
        .routes(routes!(commands::rename))
        .routes(routes!(commands::price))
        .routes(routes!(commands::withdraw))
        .routes(routes!(commands::bring_back));
    Ok(guarded(routes.with_state(clerk), running, &options.access))
}

/// What others hear of a product.
fn told(event: &Recorded<Event>) -> Option<OfProduct> {
    let product = event.stream.key().parse().ok()?;
    Some(match event.data.clone() {
        Event::Listed { names, category, price } => {
            OfProduct::Listed { product, names, category, price }
        }
        Event::Renamed { language, name } => OfProduct::Renamed { product, language, name },
        Event::Priced { price } => OfProduct::Priced { product, price },
        Event::Withdrawn => OfProduct::Withdrawn { product },
        Event::BroughtBack => OfProduct::BroughtBack { product },
    })
}
