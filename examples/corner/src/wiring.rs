//! What the corner shop is made of.

use ondol::{App, Hosted, Http, Service};
use ondol_domain::{Policy, ask, policy};
use ondol_kernel::Recorded;
use ondol_runtime::Accepts;

use crate::notice::{Letter, Way};
use crate::order::{Confirm, Order};
use crate::post::{PostBox, post_what_was_written};
use crate::stock::Shelf;
use crate::{http, notice, order, stock};

/// The program; without a post box, letters are written and nothing else is done with them.
pub fn app(post_box: Option<PostBox>) -> App {
    App::named("corner")
        .of_version(env!("CARGO_PKG_VERSION"))
        .service(orders())
        .service(stocks())
        .service(notices(post_box))
}

fn orders() -> Hosted {
    let confirm = Accepts::<Confirm, Order>::new(
        |_confirm| order::Command::Confirm,
        |_confirm, _happened| (),
        |refusal| refusal,
    );
    Service::named(order::SERVICE)
        .aggregate::<Order>()
        .publishes(|event: &Recorded<order::Event>| match &event.data {
            order::Event::Placed { item, pieces } => Some(order::Told::Placed {
                order: event.stream.key().to_owned(),
                item: item.clone(),
                pieces: *pieces,
            }),
            order::Event::Confirmed | order::Event::Lapsed => None,
        })
        .accepts(confirm)
        .http(http::orders)
}

fn stocks() -> Hosted {
    Service::named(stock::SERVICE)
        .aggregate::<Shelf>()
        .policy(reserve_what_was_ordered())
        .publishes(|event: &Recorded<stock::Event>| match &event.data {
            stock::Event::Reserved { order, pieces } => {
                Some(stock::Told::Reserved { order: order.clone(), pieces: *pieces })
            }
            stock::Event::Filled { .. } => None,
        })
        .http(http::stocks)
}

fn notices(post_box: Option<PostBox>) -> Hosted {
    let service = Service::named(notice::SERVICE)
        .aggregate::<Letter>()
        .view::<Way>()
        .policy(write_what_was_reserved())
        .policy(confirm_what_was_reserved());
    let service = match post_box {
        Some(post_box) => service.effect(post_what_was_written(post_box)),
        None => service,
    };
    service.http(http::notices)
}

fn reserve_what_was_ordered() -> Policy {
    policy("reserve what was ordered", |told: &order::Told| match told {
        order::Told::Placed { order, item, pieces } => {
            let (order, pieces) = (order.clone(), *pieces);
            Some(ask::<Shelf>(item, stock::Command::Reserve { order, pieces }))
        }
    })
}

fn write_what_was_reserved() -> Policy {
    policy("write what was reserved", |told: &stock::Told| match told {
        stock::Told::Reserved { order, .. } => Some(ask::<Letter>(order, notice::Command::Write)),
    })
}

fn confirm_what_was_reserved() -> Policy {
    policy("confirm what was reserved", |told: &stock::Told| match told {
        stock::Told::Reserved { order, .. } => Some(Confirm { order: order.clone() }),
    })
}
