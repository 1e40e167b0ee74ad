//! Documents are kept until their time is over, and no longer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ondol_domain::{Index, Keys, View};
use ondol_doors::{Clock, ManualClock};
use ondol_kernel::{Recorded, Timestamp};
use serde::{Deserialize, Serialize};

use super::Stage;
use super::town::{Event, Running, Town, deposit, tight};
use crate::{Extent, Target, ViewId};

/// How often is looked at most whether something has been thrown away.
const LOOKS_MAX: usize = 100_000;

/// An account that is kept until so many seconds as were paid in are over.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Lent {
    seconds: i64,
}

impl View for Lent {
    const NAME: &'static str = "lent";
    const VERSION: u32 = 1;
    const KEPT_UNTIL: Option<&'static str> = Some("until");
    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        if let Event::Deposited { amount } = event.data {
            self.seconds += amount;
        }
    }

    fn indexes() -> &'static [Index<Self>] {
        const { &[Index::ordered("until", |lent: &Self| (lent.seconds * 1_000_000).into())] }
    }
}

async fn keys(town: &Town) -> BTreeSet<String> {
    let name = "lent".parse().expect("it is a name");
    town.documents_of(&Target::from(ViewId { name, version: 1, build: 1 }))
        .await
        .into_keys()
        .collect()
}

async fn until_only(town: &Town, left: &[&str]) {
    let left: BTreeSet<_> = left.iter().map(|key| (*key).to_owned()).collect();
    for _look in 0..LOOKS_MAX {
        if keys(town).await == left {
            return;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(keys(town).await, left, "what is over is thrown away");
}

async fn equals_its_replay(running: &Running<Lent>) {
    let found = running.handle.verify(Extent::Whole).await.expect("it is verified");
    assert!(found.is_equal(), "found {found:?}");
}

pub async fn a_document_whose_time_is_over_is_thrown_away(stage: Stage) {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let at_hand: Arc<dyn Clock> = clock.clone();
    let town = Town { clock: at_hand, ..Town::new(stage) };
    town.append("never", [deposit(0)]).await;
    for number in 0..25 {
        town.append(&format!("soon {number:02}"), [deposit(1_000), deposit(1_000)]).await;
    }
    town.append("late", [deposit(50_000)]).await;
    let running = town.start::<Lent>(tight());
    town.caught_up(&running).await;
    assert_eq!(keys(&town).await.len(), 26, "what is over already is not written at all");
    equals_its_replay(&running).await;
    // While it runs.
    clock.advance(Duration::from_secs(2_000));
    until_only(&town, &["late"]).await;
    equals_its_replay(&running).await;
    // What comes after goes on as before, and a document that is gone begins anew.
    town.append("new", [deposit(90_000)]).await;
    town.caught_up(&running).await;
    until_only(&town, &["late", "new"]).await;
    running.stop().await.expect("it stops well");
    // While it did not run.
    clock.advance(Duration::from_secs(50_000));
    let running = town.start::<Lent>(tight());
    until_only(&town, &["new"]).await;
    equals_its_replay(&running).await;
    running.stop().await.expect("it stops well");
}
