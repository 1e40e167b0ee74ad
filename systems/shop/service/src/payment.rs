//! Payments: what is asked of the payment provider, now or later.
//!
//! A charge's own events are the queue: each is one thing to ask the provider, under a key that
//! follows from the event, and is asked again until there is an answer. While the provider cannot be
//! reached the charge is *put off* — that is told to operators once, in the log and as a document of
//! [`Waiting`] — and the money is asked for when the provider is back: nobody has to do anything.

mod http;
mod till;
mod waiting;

use ondol::{Hosted, OpenApiRouter, Running, Service, Settings, routes};
use ondol_domain::{Policy, ask, policy};
use ondol_kernel::Recorded;
use ondol_runtime::{Accepts, effect};
use ondol_store::BoxError;
use shop_domain::charge::{Charge, Command, Event};
use shop_domain::contract::{Cashier, OfPayment, OfPreorder, PAYMENT};

use crate::access::guarded;
use crate::options::{self, PaymentOptions};

pub use waiting::Waiting;

use till::Till;

/// How it is paid.
pub(crate) fn service() -> Hosted {
    let till = Till::default();
    let asks = till.clone();
    let cashier = Accepts::<Cashier, Charge>::new(
        Cashier::command,
        |_asked, _happened| (),
        |refusal| refusal,
    );
    let service = Service::named(PAYMENT)
        .aggregate::<Charge>()
        .view::<Waiting>()
        .accepts(cashier)
        .publishes(told)
        .policy(take_money_for_what_was_pre_ordered())
        .effect(effect("ask the payment provider", move |event: Recorded<Event>, _id| {
            let asks = asks.clone();
            asks.is_asked_because_of(&event.data).then_some(async move { asks.ask(event).await })
        }));
    Hosted::from(service).front(move |running, settings| front(&till, running, settings))
}

fn front(till: &Till, running: &Running, settings: &Settings) -> Result<OpenApiRouter, BoxError> {
    let options: PaymentOptions = options::read(PAYMENT, settings)?;
    till.open(running.desk()?, &options)?;
    let routes = OpenApiRouter::new().routes(routes!(http::waiting)).with_state(running.view()?);
    Ok(guarded(routes, running, &options.access))
}

/// The cashier's part in a pre-order: nobody asks him, he hears.
fn take_money_for_what_was_pre_ordered() -> Policy {
    policy("take money for what was pre-ordered", |told: &OfPreorder| match told {
        OfPreorder::Reserved { order, total, pay_with } => {
            let (amount, means) = (*total, pay_with.clone());
            Some(ask::<Charge>(order, Command::Request { order: *order, amount, means }))
        }
        OfPreorder::Confirmed { order } => Some(ask::<Charge>(order, Command::Capture)),
        OfPreorder::Failed { order, .. } => Some(ask::<Charge>(order, Command::Void)),
        OfPreorder::Placed { .. } => None,
    })
}

/// What others hear of a payment.
fn told(event: &Recorded<Event>) -> Option<OfPayment> {
    let order = event.stream.key().parse().ok()?;
    match &event.data {
        Event::Authorized { .. } => Some(OfPayment::Authorized { order }),
        Event::Declined { because } => {
            Some(OfPayment::Declined { order, because: because.clone() })
        }
        Event::PutOff => Some(OfPayment::PutOff { order }),
        Event::Requested { .. } | Event::Captured | Event::Voided | Event::Refunded { .. } => None,
    }
}
