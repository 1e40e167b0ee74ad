//! What is written is what is read, byte for byte, also after reopening.

use ondol_kernel::{
    ContentType, EventId, Metadata, NewEvent, Payload, SchemaVersion, StreamId, Timestamp,
};

use super::Engine;
use super::given::{
    append, command, data_of, event, event_with, events, log, outcome, some, stream, tag, tagged,
    wanted,
};
use crate::{Append, Expected, Outcome};

/// Writes the events, reads them back, opens the log again, and reads them back once more.
async fn come_back<E: Engine>(written: Vec<NewEvent>) {
    let mut engine = E::create().await;
    for event in &written {
        append(&*engine.store(), some("a", vec![event.clone()])).await;
    }
    are_read(&*engine.store(), &written).await;
    engine.reopen().await;
    are_read(&*engine.store(), &written).await;
}

async fn are_read(store: &dyn crate::Replica, written: &[NewEvent]) {
    for found in [stream(store, "a").await, log(store).await] {
        assert_eq!(found.len(), written.len());
        for (found, written) in found.into_iter().zip(written) {
            let (stream, version, position) = (found.stream.clone(), found.version, found.position);
            // Not assert_eq: nobody wants a mebibyte of bytes in a failure.
            let expected = written.clone().recorded(stream, version, position);
            assert!(found == expected, "what was read differs from {:?}", written.metadata);
        }
    }
}

async fn data_comes_back<E: Engine>(data: Vec<Payload>) {
    come_back::<E>(data.into_iter().map(event_with).collect()).await;
}

fn other(media_type: &str, bytes: impl Into<bytes::Bytes>) -> Payload {
    let content_type: ContentType = media_type.parse().expect("a good media type");
    Payload { content_type, bytes: bytes.into() }
}

pub async fn data_without_bytes_comes_back<E: Engine>() {
    data_comes_back::<E>(vec![Payload::json(""), other("text/plain", "")]).await;
}

pub async fn data_of_one_byte_comes_back<E: Engine>() {
    data_comes_back::<E>((0..=255).map(|byte| other("application/x", vec![byte])).collect()).await;
}

pub async fn data_of_many_sizes_comes_back<E: Engine>() {
    let sizes = (0..20).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1]);
    data_comes_back::<E>(sizes.map(data_of).collect()).await;
}

pub async fn data_of_a_mebibyte_comes_back<E: Engine>() {
    let most = crate::Limits::default().event_bytes_max;
    let bytes: Vec<u8> = (0..=250_u8).map(|at| at.wrapping_mul(31)).cycle().take(most).collect();
    data_comes_back::<E>(vec![other("application/octet-stream", bytes), data_of(most)]).await;
}

pub async fn data_that_is_not_text_comes_back<E: Engine>() {
    let every_byte: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    let bad_text = vec![0xff, 0xfe, 0x00, 0xc0, 0x80, 0xed, 0xa0, 0x80];
    data_comes_back::<E>(vec![
        other("application/octet-stream", every_byte),
        other("image/png", bad_text),
        other("application/x", vec![0; 1_000]),
    ])
    .await;
}

pub async fn the_content_type_comes_back<E: Engine>() {
    let types =
        ["text/plain; charset=utf-8", "application/avro", "application/JSON", "x", "\u{d55c}"];
    data_comes_back::<E>(types.iter().map(|name| other(name, "{}")).collect()).await;
}

pub async fn json_comes_back_letter_by_letter<E: Engine>() {
    let texts = [
        r#"{"b":1,"a":2}"#,
        r#"{ "a" : 1.0, "a" : 1.00 }"#,
        "[1e400, 12345678901234567890, 0.1]",
        "\"\\u0000 \\u00e9 \u{e9} \u{1f600}\"",
        "{\n  \"lines\": true\r\n}\n",
        " null ",
    ];
    data_comes_back::<E>(texts.into_iter().map(Payload::json).collect()).await;
}

pub async fn data_that_claims_to_be_json_comes_back_all_the_same<E: Engine>() {
    let claims: [&[u8]; 4] = [b"{", b"not json", &[0xff, 0x00], b"\0"];
    data_comes_back::<E>(claims.map(Payload::json).to_vec()).await;
}

pub async fn all_that_surrounds_an_event_comes_back<E: Engine>() {
    let metadata = Metadata {
        time: "2026-01-31T09:30:00.123456Z".parse().expect("a moment"),
        command: None,
        correlation: Some(ondol_kernel::Id::from_u128(3)),
        causation: Some(ondol_kernel::Id::from_u128(u128::MAX)),
        actor: Some("\u{ae40} 'kim' \"; --".parse().expect("a good name")),
        traceparent: Some(
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().expect("a trace"),
        ),
        tenant: Some("tenant \\ 1".parse().expect("a good name")),
        tags: vec![tag("b"), tag("a"), tag("\u{d55c}\u{ae00}, %2C {}"), tag("b")],
    };
    come_back::<E>(vec![NewEvent { metadata, ..event() }, event()]).await;
}

pub async fn the_command_of_an_event_comes_back<E: Engine>() {
    let mut engine = E::create().await;
    append(&*engine.store(), some("a", events(2)).by(command(7))).await;
    engine.reopen().await;
    let named = |event: &ondol_kernel::Envelope| event.metadata.command == Some(command(7));
    assert!(stream(&*engine.store(), "a").await.iter().all(named));
}

pub async fn the_reason_of_a_refusal_comes_back<E: Engine>() {
    let mut engine = E::create().await;
    let reason = other("application/octet-stream", (0..=255).collect::<Vec<u8>>());
    let refusal = Append::refusal(command(1), reason.clone(), Metadata::default());
    append(&*engine.store(), refusal).await;
    engine.reopen().await;
    let found = outcome(&*engine.store(), command(1)).await;
    assert!(matches!(found, Some(Outcome::Refused(refusal)) if refusal.reason == reason));
}

pub async fn moments_far_off_come_back<E: Engine>() {
    let moments = ["0000-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "9999-12-30T00:00:00Z"];
    let at = |text: &str| {
        let time: Timestamp = text.parse().expect("a moment");
        NewEvent { metadata: Metadata { time, ..Metadata::default() }, ..event() }
    };
    come_back::<E>(moments.map(at).to_vec()).await;
}

pub async fn every_id_and_schema_version_comes_back<E: Engine>() {
    let with = |(id, number)| NewEvent {
        id: EventId::from_u128(id),
        schema_version: SchemaVersion::new(number),
        ..event()
    };
    come_back::<E>([(0, 0), (u128::MAX, u32::MAX), (1 << 127, 1 << 31)].map(with).to_vec()).await;
}

pub async fn the_longest_names_come_back<E: Engine>() {
    let long = "\u{ac00}".repeat(85);
    let mut event = tagged(&long, &[&long]);
    event.metadata.actor = Some(long.parse().expect("a good name"));
    event.metadata.tenant = Some(long.parse().expect("a good name"));
    event.data = other(&long, "1");
    come_back::<E>(vec![event]).await;
}

pub async fn the_longest_name_of_a_stream_is_written_and_found<E: Engine>() {
    let store = E::create().await.store();
    let kind = "k".repeat(64);
    let stream = StreamId::new(&kind, "x".repeat(255 - 65)).expect("as long as names may be");
    append(&*store, Append::to(stream.clone(), Expected::NoStream, events(2))).await;
    assert!(log(&*store).await.iter().all(|event| event.stream == stream));
    let filter = crate::Filter { kinds: vec![kind], ..crate::Filter::default() };
    assert_eq!(wanted(&*store, filter, 10).await.len(), 2);
}

pub async fn the_most_tags_come_back_and_each_is_found<E: Engine>() {
    let store = E::create().await.store();
    let names: Vec<String> = (0..store.limits().tags_max).map(|at| format!("tag:{at}")).collect();
    let event = tagged("thing.tagged", &names.iter().map(String::as_str).collect::<Vec<_>>());
    append(&*store, some("a", vec![event.clone()])).await;
    assert_eq!(stream(&*store, "a").await[0].metadata, event.metadata);
    for name in names {
        let filter = crate::Filter { tags: vec![tag(&name)], ..crate::Filter::default() };
        assert_eq!(wanted(&*store, filter, 10).await.len(), 1, "by {name}");
    }
}

pub async fn the_largest_append_comes_back<E: Engine>() {
    let mut engine = E::create().await;
    let limits = *engine.store().limits();
    let count = limits.append_bytes_max / limits.event_bytes_max;
    let written: Vec<_> = std::iter::repeat_with(|| event_with(data_of(limits.event_bytes_max)))
        .take(count)
        .collect();
    append(&*engine.store(), some("a", written.clone())).await;
    engine.reopen().await;
    are_read(&*engine.store(), &written).await;
}
