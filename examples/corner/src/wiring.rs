//! What the corner shop is made of.

use ondol::{App, Hosted, Http, Service};
use ondol_domain::{Policy, ask, policy, policy_of_recorded};
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
            order::Event::Confirmed | order::Event::Cancelled | order::Event::Lapsed => None,
        })
        .accepts(confirm)
        .policy(cancel_what_was_given_back())
        .http(http::orders)
}

fn stocks() -> Hosted {
    Service::named(stock::SERVICE)
        .aggregate::<Shelf>()
        .policy(reserve_what_was_ordered())
        .policy(give_back_what_no_parcel_has_room_for())
        .publishes(|event: &Recorded<stock::Event>| match &event.data {
            stock::Event::Reserved { order, pieces } => {
                let item = event.stream.key().to_owned();
                Some(stock::Told::Reserved { order: order.clone(), item, pieces: *pieces })
            }
            stock::Event::GivenBack { order, .. } => {
                Some(stock::Told::GivenBack { order: order.clone() })
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
        .policy(confirm_what_was_written())
        .publishes(|event: &Recorded<notice::Event>| match &event.data {
            notice::Event::FoundTooLarge { item, pieces } => Some(notice::Told::TooLarge {
                order: event.stream.key().to_owned(),
                item: item.clone(),
                pieces: *pieces,
            }),
            notice::Event::Written => None,
        });
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
        stock::Told::Reserved { order, item, pieces } => {
            let (item, pieces) = (item.clone(), *pieces);
            Some(ask::<Letter>(order, notice::Command::Write { item, pieces }))
        }
        stock::Told::GivenBack { .. } => None,
    })
}

fn confirm_what_was_written() -> Policy {
    policy_of_recorded("confirm what was written", |event: &Recorded<notice::Event>| {
        match &event.data {
            notice::Event::Written => Some(Confirm { order: event.stream.key().to_owned() }),
            notice::Event::FoundTooLarge { .. } => None,
        }
    })
}

fn give_back_what_no_parcel_has_room_for() -> Policy {
    policy("give back what no parcel has room for", |told: &notice::Told| match told {
        notice::Told::TooLarge { order, item, pieces } => {
            let (order, pieces) = (order.clone(), *pieces);
            Some(ask::<Shelf>(item, stock::Command::GiveBack { order, pieces }))
        }
    })
}

fn cancel_what_was_given_back() -> Policy {
    policy("cancel what was given back", |told: &stock::Told| match told {
        stock::Told::GivenBack { order } => Some(ask::<Order>(order, order::Command::Cancel)),
        stock::Told::Reserved { .. } => None,
    })
}
