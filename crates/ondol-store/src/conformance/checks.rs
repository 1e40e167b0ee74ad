//! The order in which an append is checked, and that a check leaves nothing behind.

use ondol_kernel::Position;

use super::Engine;
use super::given::{
    accepted, append, command, expecting, one, outcome, refused, some, soon, tag, tagged,
};
use crate::{Append, AppendError, Condition, Expected};

/// A log with a tagged event, written by the first command.
async fn begun<E: Engine>() -> std::sync::Arc<dyn crate::Replica> {
    let store = E::create().await.store();
    let first = some("a", vec![tagged("thing.named", &["name:kim"])]);
    append(&*store, first.by(command(1))).await;
    store
}

pub async fn the_rules_are_checked_before_the_recorded_outcome<E: Engine>() {
    let store = begun::<E>().await;
    let error = refused(&*store, some("a", Vec::new()).by(command(1))).await;
    assert!(matches!(error, AppendError::Invalid(_)), "found {error}");
}

pub async fn the_recorded_outcome_is_checked_before_the_expectations<E: Engine>() {
    let store = begun::<E>().await;
    let repeat = expecting("a", Expected::NoStream).by(command(1));
    assert!(append(&*store, repeat).await.repeated);
}

pub async fn the_recorded_outcome_is_checked_before_the_conditions<E: Engine>() {
    let store = begun::<E>().await;
    let repeat = one("b").by(command(1)).when(Condition::never(tag("name:kim")));
    assert!(append(&*store, repeat).await.repeated);
}

pub async fn the_recorded_outcome_is_checked_before_a_condition_ahead_of_the_log<E: Engine>() {
    let store = begun::<E>().await;
    let ahead = Condition { after: Position::new(99), ..Condition::never(tag("name:kim")) };
    assert!(append(&*store, one("b").by(command(1)).when(ahead)).await.repeated);
}

pub async fn the_expectations_are_checked_before_the_conditions<E: Engine>() {
    let store = begun::<E>().await;
    let both = expecting("a", Expected::NoStream).when(Condition::never(tag("name:kim")));
    let error = refused(&*store, both).await;
    assert!(matches!(error, AppendError::Conflict { .. }), "found {error}");
}

pub async fn a_refused_append_leaves_its_command_without_an_outcome<E: Engine>() {
    let store = begun::<E>().await;
    refused(&*store, expecting("a", Expected::NoStream).by(command(2))).await;
    let unnamed = one("b").when(Condition::never(tag("name:kim")));
    refused(&*store, unnamed.by(command(2))).await;
    assert_eq!(outcome(&*store, command(2)).await, None);
    let appended = append(&*store, one("a").by(command(2))).await;
    assert_eq!((appended.outcome, appended.repeated), (accepted(2, 2), false));
}

pub async fn a_refused_append_does_not_move_what_watchers_see<E: Engine>() {
    let store = begun::<E>().await;
    let mut watch = store.watch();
    soon(watch.wait_for(|head| head.position.get() == 1)).await.expect("the log goes on");
    refused(&*store, expecting("a", Expected::NoStream)).await;
    refused(&*store, Append::default()).await;
    assert_eq!(watch.borrow().position.get(), 1);
}
