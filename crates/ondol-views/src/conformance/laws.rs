//! The law of views, over random histories: folded as it happened, with restarts and failures
//! in between, folded anew, and folded by a plain loop, the documents are the same.

use ondol_doors::{Rng, SeededRng};

use super::Stage;
use super::town::{Balance, Event, Running, Town, deposit, tight, until};
use crate::{Extent, ProjectorOptions, Step};

const ACCOUNTS: [&str; 9] = ["a", "b", "c", "d", "e", "f", "김", "h/1", "h/2"];
const ROUNDS: usize = 25;

fn random(rng: &dyn Rng) -> (&'static str, Event) {
    let pick = || ACCOUNTS[usize::try_from(rng.below(9)).unwrap_or(0)];
    let account = pick();
    let event = match rng.below(6) {
        0 => Event::Opened { owner: pick().to_owned() },
        1 => Event::Sent { to: pick().to_owned(), amount: 3 },
        2 => Event::Greeted,
        3 => Event::Noted { bytes: 3 },
        _ => deposit(i64::try_from(rng.below(100)).unwrap_or(0)),
    };
    // An account that sends to itself is touched once.
    let is_to_itself = matches!(&event, Event::Sent { to, .. } if to == account);
    (account, if is_to_itself { Event::Greeted } else { event })
}

fn random_options(rng: &dyn Rng) -> ProjectorOptions {
    let upto = |most| usize::try_from(rng.below(most)).unwrap_or(0) + 1;
    let chunk_documents_max = upto(5);
    ProjectorOptions {
        page_events_max: upto(30),
        pages_ahead_max: upto(3),
        chunk_events_max: upto(60),
        chunk_documents_max,
        cache_documents_max: chunk_documents_max + upto(6),
        ..tight()
    }
}

pub async fn a_view_equals_a_replay_whatever_happens(stage: Stage) {
    let town = Town::new(stage);
    let rng = SeededRng::new(20);
    let mut running: Option<Running<Balance>> = None;
    for _ in 0..ROUNDS {
        for _ in 0..rng.below(40) {
            let (account, event) = random(&rng);
            town.append(account, [event]).await;
        }
        running = one_thing(&town, &rng, running).await;
    }
    let running = match running {
        Some(running) => running,
        None => town.start(random_options(&rng)),
    };
    town.caught_up(&running).await;
    let expected = town.expected(&town.log).await;
    assert_eq!(town.balances().await, expected, "as it happened");
    let verified = running.handle.verify(Extent::Whole).await.expect("it is verified");
    assert!(verified.is_equal(), "found {verified:?}");
    let id = running.handle.rebuild().await.expect("it begins");
    until("the new build serves", async || {
        let listed = town.views().list().await.expect("views are listed");
        listed.iter().any(|status| status.is_serving && status.definition.id == id)
    })
    .await;
    assert_eq!(town.balances().await, expected, "folded anew");
    running.stop().await.expect("it stops well");
}

/// Something that happens to a projection: it is stopped, killed, started, made to fail,
/// rebuilt, or left alone.
async fn one_thing(
    town: &Town,
    rng: &dyn Rng,
    running: Option<Running<Balance>>,
) -> Option<Running<Balance>> {
    let Some(running) = running else { return Some(town.start(random_options(rng))) };
    match rng.below(6) {
        0 => {
            running.stop().await.expect("it stops well");
            None
        }
        // Dropped in the middle of whatever it was doing.
        1 => None,
        2 => {
            let step = Step::ALL[usize::try_from(rng.below(4)).unwrap_or(0)];
            town.stage.faults.arm(step);
            Some(running)
        }
        3 => {
            // One may be in the making already.
            running.handle.rebuild().await.ok();
            Some(running)
        }
        4 => {
            town.caught_up(&running).await;
            Some(running)
        }
        _ => Some(running),
    }
}
