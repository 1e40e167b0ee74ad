//! The house's own streams and types take nothing from outside.

use ondol_kernel::{Metadata, Payload, StreamId};

use super::Engine;
use super::given::{command, event_of, events, refused, some, thing};
use crate::{Append, AppendError, Expected, InvalidAppend, command_stream};

async fn is_invalid<E: Engine>(append: Append, what: fn(&InvalidAppend) -> bool) {
    let store = E::create().await.store();
    let error = refused(&*store, append).await;
    assert!(matches!(&error, AppendError::Invalid(invalid) if what(invalid)), "found {error:?}");
}

fn internal_stream(invalid: &InvalidAppend) -> bool {
    matches!(invalid, InvalidAppend::InternalStream { .. })
}

fn internal_type(invalid: &InvalidAppend) -> bool {
    matches!(invalid, InvalidAppend::InternalType { .. })
}

pub async fn a_stream_of_the_house_takes_no_events_from_outside<E: Engine>() {
    for kind in ["$command", "$timer", "$x"] {
        let stream = StreamId::new(kind, "a").expect("a good name");
        let append = Append::to(stream, Expected::Any, events(1));
        is_invalid::<E>(append, internal_stream).await;
    }
}

pub async fn an_event_type_of_the_house_is_not_taken_from_outside<E: Engine>() {
    for name in ["$refused", "$voided", "$nothing", "$anything"] {
        is_invalid::<E>(some("a", vec![event_of(name)]), internal_type).await;
    }
}

pub async fn the_stream_of_a_command_takes_no_event_of_a_service<E: Engine>() {
    let append = Append::to(command_stream(command(1)), Expected::Any, events(1));
    is_invalid::<E>(append.by(command(1)), internal_stream).await;
}

pub async fn the_stream_of_a_command_takes_no_outcome_of_another<E: Engine>() {
    let outcome = event_of("$refused");
    let append = Append::to(command_stream(command(1)), Expected::Any, vec![outcome]);
    is_invalid::<E>(append.by(command(2)), internal_stream).await;
}

pub async fn an_outcome_is_not_taken_beside_events<E: Engine>() {
    let refusal = Append::refusal(command(1), Payload::json("1"), Metadata::default());
    let beside = refusal.and(thing("a"), Expected::Any, events(1)).by(command(1));
    is_invalid::<E>(beside, internal_stream).await;
}

pub async fn an_outcome_is_not_taken_twice_in_one_append<E: Engine>() {
    let mut refusal = Append::refusal(command(1), Payload::json("1"), Metadata::default());
    let mut second = event_of("$voided");
    second.metadata.command = Some(command(1));
    refusal.writes[0].events.push(second);
    is_invalid::<E>(refusal, internal_stream).await;
}
