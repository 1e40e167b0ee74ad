//! What every engine promises.

use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::Id;

use super::Stage;
use crate::{Epoch, Holder, Lease, LeaseError, LeaseName, Taken};

const LONG: Duration = Duration::from_secs(3_600);
/// Over as soon as it has begun.
const OVER: Duration = Duration::ZERO;

fn name() -> LeaseName {
    LeaseName::new("singletons").expect("a name")
}

fn holder(number: u128) -> Holder {
    Id::from_u128(number)
}

async fn take(stage: &Stage, who: u128, term: Duration) -> Taken {
    stage.store.take(&name(), holder(who), term).await.expect("it is answered")
}

async fn taken(stage: &Stage, who: u128, term: Duration) -> Lease {
    match take(stage, who, term).await {
        Taken::Held(lease) => lease,
        by_other @ Taken::ByOther { .. } => unreachable!("it is free, found {by_other:?}"),
    }
}

pub async fn a_free_lease_is_taken_under_its_first_epoch(stage: Stage) {
    let lease = taken(&stage, 1, LONG).await;
    assert_eq!(lease, Lease { name: name(), holder: holder(1), epoch: Epoch(1) });
    stage.store.check(&lease).await.expect("it is held");
}

pub async fn a_lease_that_is_held_is_given_to_nobody_else(stage: Stage) {
    taken(&stage, 1, LONG).await;
    let other = take(&stage, 2, LONG).await;
    let is_right = matches!(other, Taken::ByOther { epoch: Epoch(1), left } if left <= LONG);
    assert!(is_right, "found {other:?}");
}

pub async fn a_renewal_keeps_the_epoch(stage: Stage) {
    let first = taken(&stage, 1, LONG).await;
    assert_eq!(taken(&stage, 1, LONG).await, first);
}

pub async fn a_lease_whose_term_is_over_is_taken_under_a_higher_epoch(stage: Stage) {
    taken(&stage, 1, OVER).await;
    assert_eq!(taken(&stage, 2, OVER).await.epoch, Epoch(2));
    assert_eq!(taken(&stage, 1, OVER).await.epoch, Epoch(3));
}

pub async fn whoever_was_overtaken_no_longer_passes_the_check(stage: Stage) {
    let before = taken(&stage, 1, OVER).await;
    stage.store.check(&before).await.expect("nobody has taken it yet");
    let after = taken(&stage, 2, LONG).await;
    let lost = stage.store.check(&before).await;
    assert!(matches!(lost, Err(LeaseError::Lost { epoch: Epoch(1), .. })), "found {lost:?}");
    stage.store.check(&after).await.expect("it is held");
}

pub async fn whoever_was_overtaken_cannot_renew(stage: Stage) {
    taken(&stage, 1, OVER).await;
    taken(&stage, 2, LONG).await;
    let again = take(&stage, 1, LONG).await;
    assert!(matches!(again, Taken::ByOther { epoch: Epoch(2), .. }), "found {again:?}");
}

pub async fn a_lease_that_is_given_back_is_free_at_once(stage: Stage) {
    let lease = taken(&stage, 1, LONG).await;
    stage.store.release(&lease).await.expect("it is given back");
    assert_eq!(taken(&stage, 2, LONG).await.epoch, Epoch(2));
}

pub async fn giving_back_what_was_overtaken_changes_nothing(stage: Stage) {
    let before = taken(&stage, 1, OVER).await;
    let after = taken(&stage, 2, LONG).await;
    stage.store.release(&before).await.expect("it is let be");
    stage.store.check(&after).await.expect("it is held");
    let other = take(&stage, 3, LONG).await;
    assert!(matches!(other, Taken::ByOther { .. }), "found {other:?}");
}

pub async fn one_who_takes_its_own_ended_lease_keeps_the_epoch(stage: Stage) {
    let first = taken(&stage, 1, OVER).await;
    assert_eq!(taken(&stage, 1, LONG).await, first);
}

pub async fn leases_of_two_names_are_two(stage: Stage) {
    taken(&stage, 1, LONG).await;
    let other = LeaseName::new("others").expect("a name");
    let found = stage.store.take(&other, holder(2), LONG).await.expect("it is answered");
    assert!(matches!(found, Taken::Held(_)), "found {found:?}");
}

pub async fn of_many_who_ask_at_once_one_is_given_it(stage: Stage) {
    let mut tasks = tokio::task::JoinSet::new();
    for who in 1..=8 {
        let store = Arc::clone(&stage.store);
        tasks.spawn(async move {
            store.take(&name(), holder(who), LONG).await.expect("it is answered")
        });
    }
    let answers = tasks.join_all().await;
    let given = answers.iter().filter(|answer| matches!(answer, Taken::Held(_))).count();
    assert_eq!(given, 1, "found {answers:?}");
}
