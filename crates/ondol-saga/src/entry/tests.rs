//! A saga is found as it stands.

use ondol_bus::Reply;
use ondol_domain::{Contract, Facts, Refused, Saga, Turn};
use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, Version,
};

use super::*;
use crate::machine::{Beginning, Failure, Input, Order, Transition, begin, migrate, next};
use crate::{Defined, Instance, Known, saga_stream};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Do(String);

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("no")]
struct No;

impl Contract for Do {
    const SERVICE: &'static str = "other";
    type Reply = ();
    type Refusal = No;

    fn key(&self) -> String {
        self.0.clone()
    }
}

/// A saga, and the entry that is folded beside it.
struct Pair {
    definition: Defined<u32>,
    instance: Instance,
    entry: SagaEntry,
    now: Timestamp,
    version: Version,
}

impl Pair {
    fn begun() -> Self {
        Self::of(
            Saga::<u32>::named("s", 1)
                .identified_by(u32::to_string)
                .step("a", |_data| Do("a".into()))
                .undo(|_data| Do("not a".into()))
                .step("b", |_data| Do("b".into()))
                .kept_for(Duration::from_secs(60)),
        )
    }

    fn of(saga: Saga<u32>) -> Self {
        let definition = Defined::new(saga);
        let stream = saga_stream("s", "1").expect("a name");
        let data = Known::of(&1).expect("it is JSON");
        let beginning = Beginning { stream, identity: "1".into(), data, correlation: None };
        let begun = begin(&definition, beginning, Timestamp::EPOCH).expect("it begins");
        let Transition { instance, facts } = begun;
        let (entry, now, version) = (SagaEntry::default(), Timestamp::EPOCH, Version::default());
        let mut pair = Self { definition, instance, entry, now, version };
        pair.fold(&facts);
        pair
    }

    /// Whatever happens, both stand alike.
    fn fold(&mut self, facts: &[Fact]) {
        for fact in facts {
            let event = NewEvent {
                id: EventId::from_u128(1),
                event_type: EventType::new("saga.any").expect("a type"),
                schema_version: SchemaVersion::FIRST,
                metadata: Metadata { time: self.now, ..Metadata::default() },
                data: Payload::json("null"),
            };
            self.version = self.version.next();
            let stream = self.instance.stream.clone();
            let event = event.recorded(stream, self.version, Position::START);
            self.entry.apply(&event.with(fact.clone()));
        }
        assert_eq!(self.entry.state, self.instance.state(), "after {facts:?}");
        assert_eq!(self.entry.is_ended(), self.instance.is_ended());
    }

    fn take(&mut self, input: &Input) {
        let taken = next(&self.definition, self.instance.clone(), input, self.now);
        let Transition { instance, facts } = taken.expect("it goes on");
        self.instance = instance;
        self.fold(&facts);
    }

    fn command(&self) -> ondol_kernel::CommandId {
        self.instance.work(self.now).first().expect("something is to be done").question.command
    }

    fn done(&mut self) {
        let reply = Reply::Done { data: Payload::json("null"), position: Position::START };
        self.take(&Input::Reply { command: self.command(), reply });
    }

    fn refused(&mut self) {
        let data = Payload::json("null");
        let refused = Refused { code: "no".into(), message: "no".into(), data };
        self.take(&Input::Reply { command: self.command(), reply: Reply::Refused(refused) });
    }

    /// It is not answered until a person is told, and is about to be tried once more.
    fn gets_stuck(&mut self) {
        while self.instance.stuck.is_none() {
            let failure = Failure {
                code: "busy".into(),
                because: "busy".into(),
                may_be_asked_again: true,
                asked_before: true,
                again_after: None,
                held_by: None,
            };
            self.take(&Input::Failure { command: self.command(), failure });
            self.now = self.instance.wakes_at().expect("it is tried again");
        }
        assert_eq!(self.entry.state, SagaState::Stuck);
    }
}

#[test]
fn one_that_was_stuck_on_its_way_back_is_shown_as_going_back_when_it_gets_on() {
    let mut pair = Pair::begun();
    pair.done();
    pair.refused();
    assert_eq!(pair.entry.state, SagaState::Unwinding);
    pair.gets_stuck();
    pair.take(&Input::Order(Order::Resume { by: "kim".into() }));
    assert_eq!(pair.entry.state, SagaState::Unwinding);
    pair.gets_stuck();
    pair.done();
    assert_eq!(pair.entry.state, SagaState::Compensated);
}

#[test]
fn one_that_has_ended_is_kept_for_as_long_as_its_definition_says() {
    let mut pair = Pair::begun();
    assert_eq!(pair.entry.kept_until, None);
    pair.done();
    pair.now = Timestamp::EPOCH.checked_add(Duration::from_secs(5)).expect("time goes on");
    pair.done();
    let until = Timestamp::EPOCH.checked_add(Duration::from_secs(65)).expect("time goes on");
    assert_eq!((pair.entry.state, pair.entry.kept_until), (SagaState::Completed, Some(until)));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Word {
    of: String,
}

impl Facts for Word {
    const KIND: &'static str = "word";
}

#[test]
fn one_whose_deadline_has_passed_is_looked_at_when_something_is_next_due() {
    let mut pair = Pair::of(
        Saga::<u32>::named("s", 1)
            .identified_by(u32::to_string)
            .step("a", |_data| Do("a".into()))
            .pivot()
            .wait("b", |word: &Word| word.of.clone(), |_data, _word| Some(Turn::GoOn))
            .within(Duration::from_secs(3_600))
            .deadline(Duration::from_secs(60)),
    );
    let at = |seconds| Timestamp::EPOCH.checked_add(Duration::from_secs(seconds));
    pair.done();
    assert_eq!(pair.entry.wakes_at(), at(60));
    pair.now = at(60).expect("time goes on");
    pair.take(&Input::Time);
    assert_eq!(pair.entry.wakes_at(), at(3_600));
}

#[test]
fn one_that_a_person_has_resumed_is_looked_at_soon() {
    let mut pair = Pair::begun();
    pair.done();
    pair.refused();
    pair.gets_stuck();
    pair.take(&Input::Order(Order::Resume { by: "kim".into() }));
    assert_eq!(pair.entry.wakes_at(), pair.now.checked_add(LEFT_ALONE));
}

#[test]
fn one_whose_steps_have_other_names_now_is_looked_at_by_those() {
    let mut pair = Pair::begun();
    let definition = Defined::new(
        Saga::<u32>::named("s", 1)
            .identified_by(u32::to_string)
            .step("z", |_data| Do("z".into()))
            .undo(|_data| Do("not z".into()))
            .step("b", |_data| Do("b".into())),
    );
    let steps = [("a".to_owned(), "z".to_owned())].into();
    let migrated = migrate(&definition, pair.instance.clone(), &steps, "kim", pair.now);
    let Transition { instance, facts } = migrated.expect("it fits");
    (pair.definition, pair.instance) = (definition, instance);
    pair.fold(&facts);
    pair.now = Timestamp::EPOCH.checked_add(Duration::from_secs(60)).expect("time goes on");
    pair.done();
    assert_eq!(pair.entry.wakes_at(), pair.now.checked_add(LEFT_ALONE), "nothing else is open");
}
