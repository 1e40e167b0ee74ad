//! From where on one may listen, and how it is told.

use axum::extract::FromRequestParts as _;
use ondol_kernel::{EventId, EventType, Metadata, NewEvent, Position, SchemaVersion};

use super::*;

async fn asked(uri: &str, last: Option<&str>) -> Result<LiveAsked, Problem> {
    let mut request = http::Request::get(uri);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let (mut parts, ()) = request.body(()).expect("a request").into_parts();
    LiveAsked::from_request_parts(&mut parts, &()).await
}

const EPOCH: LogEpoch = LogEpoch::from_u128(7);

async fn after(uri: &str, last: Option<&str>) -> Result<u64, (u16, &'static str)> {
    let told = |problem: Problem| (problem.status().as_u16(), problem.code());
    let asked = asked(uri, last).await.map_err(told)?;
    asked.after(EPOCH).map(Version::get).map_err(told)
}

#[tokio::test]
async fn one_listens_after_an_event_by_its_id_or_its_number() {
    let id = format!("{:032x}.5", 7);
    assert_eq!(after("/", None).await, Ok(0));
    assert_eq!(after("/?after=3", None).await, Ok(3));
    assert_eq!(after(&format!("/?after={id}"), None).await, Ok(5));
    assert_eq!(after("/?after=3", Some(&id)).await, Ok(5), "whoever comes again says so itself");
    assert_eq!(after("/?after=18446744073709551615", None).await, Ok(u64::MAX));
}

#[tokio::test]
async fn e13_what_is_no_event_is_refused() {
    let wrong = Err((400, "last-event-id"));
    for text in ["-1", "18446744073709551616", "", "1.5", "x", "0x10", "+1", "7.", "1e3", " 1"] {
        let uri = format!("/?after={}", text.replace(' ', "%20").replace('+', "%2B"));
        assert_eq!(after(&uri, None).await, wrong, "{text:?}");
        assert_eq!(after("/", Some(text)).await, wrong, "{text:?}");
    }
    let cut = format!("{:031x}.5", 7);
    assert_eq!(after("/", Some(&cut)).await, wrong);
}

#[tokio::test]
async fn e13_an_event_of_a_log_that_is_no_more_is_gone() {
    let id = format!("{:032x}.5", 8);
    assert_eq!(after("/", Some(&id)).await, Err((410, "events-gone")));
}

#[test]
fn an_event_is_told_in_one_line_whatever_is_in_it() {
    let event = NewEvent {
        id: EventId::from_u128(1),
        event_type: EventType::new("note.written").expect("a name"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: "a\nid: 9\n\ndata: x".to_owned(),
    };
    let stream = "note:1".parse().expect("a stream");
    let event = event.recorded(stream, Version::new(3), Position::new(9));
    let told = written(EPOCH, &[event]);
    let told = std::str::from_utf8(&told).expect("it is text");
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 4, "{told}");
    assert_eq!(lines[0], format!("id: {:032x}.3", 7));
    assert!(lines[2].starts_with("data: {") && lines[3].is_empty(), "{told}");
}
