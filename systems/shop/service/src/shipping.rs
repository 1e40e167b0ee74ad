//! Shipping: what is asked of the carrier, and what it tells by itself.

mod counter;
mod letter;

use axum::routing::post;
use ondol::{Hosted, OpenApiRouter, Running, Service, Settings};
use ondol_kernel::Recorded;
use ondol_runtime::{Accepts, effect};
use ondol_store::BoxError;
use shop_domain::contract::{Dispatch, OfShipment, SHIPPING};
use shop_domain::shipment::{Event, Shipment};

use crate::options::{self, ShippingOptions};

use counter::Counter;
use letter::Letters;

/// How it gets there.
pub(crate) fn service() -> Hosted {
    let counter = Counter::default();
    let asks = counter.clone();
    let dispatch = Accepts::<Dispatch, Shipment>::new(
        Dispatch::command,
        |_asked, _happened| (),
        |refusal| refusal,
    );
    let service =
        Service::named(SHIPPING).aggregate::<Shipment>().accepts(dispatch).publishes(told).effect(
            effect("ask the carrier", move |event: Recorded<Event>, _id| {
                let asks = asks.clone();
                let is_asked = matches!(event.data, Event::Requested { .. } | Event::CalledOff);
                is_asked.then_some(async move { asks.ask(event).await })
            }),
        );
    Hosted::from(service).front(move |running, settings| front(&counter, running, settings))
}

fn front(
    counter: &Counter,
    running: &Running,
    settings: &Settings,
) -> Result<OpenApiRouter, BoxError> {
    let options: ShippingOptions = options::read(SHIPPING, settings)?;
    counter.open(running.desk()?, &options)?;
    let ground = &running.home().ground;
    let (clock, rng) = (ground.clock.clone(), ground.rng.as_ref());
    let letters = Letters::new(running.desk()?, clock, rng, (&options, &settings.folder))?;
    // A letter has no key of ours: it is safe to repeat, and only believed when it is signed.
    Ok(OpenApiRouter::new().route("/hooks/carrier", post(letter::receive)).with_state(letters))
}

/// What others hear of a shipment.
fn told(event: &Recorded<Event>) -> Option<OfShipment> {
    let order = event.stream.key().parse().ok()?;
    match &event.data {
        Event::Taken { .. } => Some(OfShipment::Taken { order }),
        Event::Refused { because } => Some(OfShipment::Refused { order, because: because.clone() }),
        Event::Arrived => Some(OfShipment::Arrived { order }),
        Event::Requested { .. } | Event::CalledOff => None,
    }
}
