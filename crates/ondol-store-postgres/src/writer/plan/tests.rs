//! Appends of one group see each other as if each had come alone.

use ondol_kernel::{NewEvent, SchemaVersion};
use ondol_store::{Expected, Limits};
use tokio::sync::oneshot;

use super::*;

fn stream(key: &str) -> StreamId {
    StreamId::new("thing", key).expect("a good key")
}

fn one(key: &str, expected: Expected) -> Append {
    tagged(key, expected, &[])
}

fn tagged(key: &str, expected: Expected, tags: &[&str]) -> Append {
    let tags = tags.iter().map(|tag| Tag::new(*tag).expect("a good tag")).collect();
    let event = NewEvent {
        id: EventId::named(key),
        event_type: EventType::new("thing.happened").expect("a good type"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata { tags, ..Metadata::default() },
        data: Payload::json("{}"),
    };
    Append::to(stream(key), expected, vec![event])
}

fn work(appends: Vec<Append>) -> Work {
    let job = |append: Append| AppendJob {
        metadata: vec![String::new(); append.event_count()],
        append,
        reply: oneshot::channel().0,
    };
    Work::Appends(appends.into_iter().map(job).collect())
}

/// A log of ten events; the stream `old` has four of them.
fn known() -> Known {
    let stands = Standing { id: 3, version: Version::new(4) };
    Known {
        head: Position::new(10),
        last_stream: 5,
        streams: HashMap::from([(stream("old"), stands)]),
        ..Known::default()
    }
}

/// What each append of a group is told, and where its events go: stream, version, position.
fn told(known: &Known, appends: Vec<Append>) -> (Vec<String>, Vec<(i64, u64, u64)>) {
    let work = work(appends);
    let plan = plan(&work, known, &Remembered::new(0), &Limits::default());
    let Verdicts::Appends(verdicts) = &plan.verdicts else { unreachable!("appends are planned") };
    let tell = |verdict: &Result<Appended, AppendError>| match verdict {
        Ok(appended) if appended.repeated => "repeated".to_owned(),
        Ok(_) => "written".to_owned(),
        Err(error) => error.code().to_owned(),
    };
    let place = |event: &Placed<'_>| (event.stream, event.version.get(), event.position.get());
    (verdicts.iter().map(tell).collect(), plan.events.iter().map(place).collect())
}

#[test]
fn two_appends_to_one_stream_count_on() {
    let appends = vec![one("old", Expected::Any), one("old", Expected::Exactly(Version::new(5)))];
    let (told, places) = told(&known(), appends);
    assert_eq!(told, ["written", "written"]);
    assert_eq!(places, [(3, 5, 11), (3, 6, 12)]);
}

#[test]
fn of_two_that_expect_the_same_version_the_first_wins() {
    let exactly = Expected::Exactly(Version::new(4));
    let (told, places) = told(&known(), vec![one("old", exactly), one("old", exactly)]);
    assert_eq!(told, ["written", "log-version-conflict"]);
    assert_eq!(places, [(3, 5, 11)]);
}

#[test]
fn one_that_fails_leaves_no_gap_to_the_next() {
    let appends =
        vec![one("a", Expected::NoStream), one("old", Expected::NoStream), one("b", Expected::Any)];
    let (told, places) = told(&known(), appends);
    assert_eq!(told, ["written", "log-version-conflict", "written"]);
    assert_eq!(places, [(6, 1, 11), (7, 1, 12)]);
}

#[test]
fn a_stream_that_begins_in_the_group_gets_one_number() {
    let appends = vec![one("new", Expected::NoStream), one("new", Expected::Exists)];
    let (told, places) = told(&known(), appends);
    assert_eq!(told, ["written", "written"]);
    assert_eq!(places, [(6, 1, 11), (6, 2, 12)]);
}

#[test]
fn a_command_that_comes_twice_in_a_group_takes_effect_once() {
    let command = CommandId::named("twice");
    let appends = vec![one("a", Expected::Any).by(command), one("b", Expected::Any).by(command)];
    let (told, places) = told(&known(), appends);
    assert_eq!(told, ["written", "repeated"]);
    assert_eq!(places, [(6, 1, 11)]);
}

#[test]
fn a_condition_notices_an_event_of_the_same_group() {
    let tag = Tag::new("seat:1").expect("a good tag");
    let claim = |key| tagged(key, Expected::Any, &["seat:1"]).when(Condition::never(tag.clone()));
    let (told, places) = told(&known(), vec![claim("a"), claim("b")]);
    assert_eq!(told, ["written", "log-condition-broken"]);
    assert_eq!(places.len(), 1);
}

#[test]
fn a_condition_may_speak_of_a_position_of_the_same_group_and_not_beyond() {
    let tag = Tag::new("seat:1").expect("a good tag");
    let after =
        |position| Condition { after: Position::new(position), ..Condition::never(tag.clone()) };
    let appends = vec![
        tagged("a", Expected::Any, &["seat:1"]),
        one("b", Expected::Any).when(after(11)),
        one("c", Expected::Any).when(after(13)),
    ];
    let (told, _places) = told(&known(), appends);
    assert_eq!(told, ["written", "written", "log-condition-ahead"]);
}

#[test]
fn what_the_server_says_is_broken_is_refused_for_that_append_alone() {
    let tag = Tag::new("seat:1").expect("a good tag");
    let known = Known { broken: HashMap::from([(1, Position::new(7))]), ..known() };
    let conditional = |key| one(key, Expected::Any).when(Condition::never(tag.clone()));
    let (told, _places) = told(&known, vec![conditional("a"), conditional("b"), conditional("c")]);
    assert_eq!(told, ["written", "log-condition-broken", "written"]);
}
