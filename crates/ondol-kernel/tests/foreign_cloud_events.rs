//! What other producers of CloudEvents 1.0 send, read as the specification says.

use ondol_kernel::{CloudEvent, Envelope};
use serde_json::{Value, json};

/// The least that the house needs, as somebody else might have written it.
fn event() -> Value {
    json!({
        "specversion": "1.0",
        "id": "00000000-0000-0000-0000-000000000001",
        "source": "https://example.com/orders",
        "type": "com.example.order.placed",
        "subject": "order:1",
        "position": "1",
        "streamversion": "1",
    })
}

fn with(extra: &[(&str, Value)]) -> Value {
    let mut event = event();
    for (name, value) in extra {
        event[*name] = value.clone();
    }
    event
}

fn read(event: Value) -> Envelope {
    let event: CloudEvent = serde_json::from_value(event).expect("it is a CloudEvent");
    event.into_envelope().expect("it has all that the house needs")
}

fn code(event: Value) -> &'static str {
    let event: CloudEvent = serde_json::from_value(event).expect("it is a CloudEvent");
    event.into_envelope().expect_err("the house cannot take it").code()
}

#[test]
fn attributes_of_others_are_passed_over_whatever_they_hold() {
    read(with(&[
        ("comexampleflag", json!(true)),
        ("dataschema", json!("https://x/y")),
        ("n", json!(7)),
    ]));
}

#[test]
fn an_attribute_that_is_null_is_not_there() {
    let event =
        with(&[("actor", json!(null)), ("time", json!(null)), ("data_base64", json!(null))]);
    assert_eq!(read(event).metadata.actor, None);
}

#[test]
fn a_text_that_is_not_json_is_read_as_it_is_and_not_with_its_quotes() {
    let event =
        with(&[("datacontenttype", json!("text/xml")), ("data", json!("<much wow=\"\\\"/>"))]);
    assert_eq!(read(event).data.bytes, "<much wow=\"\\\"/>");
}

#[test]
fn a_text_that_is_json_keeps_its_quotes() {
    for json_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "text/json",
        "application/vnd.x+json",
    ] {
        let event = with(&[("datacontenttype", json!(json_type)), ("data", json!("hi"))]);
        assert_eq!(read(event).data.bytes, "\"hi\"", "of {json_type}");
    }
    assert_eq!(read(with(&[("data", json!("hi"))])).data.bytes, "\"hi\"");
}

#[test]
fn json_under_another_content_type_is_read_as_the_json_it_is() {
    let event = with(&[("datacontenttype", json!("text/x-odd")), ("data", json!({"a": 1}))]);
    assert_eq!(read(event).data.bytes, "{\"a\":1}");
}

#[test]
fn numbers_of_the_house_may_come_as_numbers() {
    let event =
        with(&[("position", json!(5)), ("streamversion", json!(6)), ("schemaversion", json!("7"))]);
    let event = read(event);
    assert_eq!((event.position.get(), event.version.get()), (5, 6));
    assert_eq!(event.schema_version.get(), 7);
}

#[test]
fn an_event_without_what_the_specification_asks_for_is_refused() {
    assert_eq!(code(with(&[("specversion", json!("1.1"))])), "cloud-event-version");
    assert_eq!(code(with(&[("source", json!(""))])), "cloud-event-attribute-unreadable");
    assert_eq!(code(with(&[("type", json!(""))])), "cloud-event-attribute-unreadable");
    assert_eq!(code(with(&[("id", json!(""))])), "cloud-event-attribute-unreadable");
    assert_eq!(code(with(&[("subject", json!(null))])), "cloud-event-attribute-missing");
    for attribute in ["specversion", "id", "source", "type"] {
        let mut event = event();
        event.as_object_mut().expect("an object").remove(attribute);
        assert!(serde_json::from_value::<CloudEvent>(event).is_err(), "without {attribute}");
    }
}

#[test]
fn a_position_that_no_event_can_have_is_refused() {
    for number in
        [json!("0"), json!(0), json!("+1"), json!("-1"), json!(1.5), json!("18446744073709551616")]
    {
        let event: Result<CloudEvent, _> =
            serde_json::from_value(with(&[("position", number.clone())]));
        let taken = event.is_ok_and(|event| event.into_envelope().is_ok());
        assert!(!taken, "{number} was taken for a position");
    }
}

#[test]
fn a_whole_number_travels_as_one_only_while_it_has_32_bits() {
    let mut event = read(event());
    for version in [1, 2_147_483_647, 2_147_483_648, u32::MAX] {
        event.schema_version = ondol_kernel::SchemaVersion::new(version);
        let written = serde_json::to_value(CloudEvent::from_envelope(&event, "/x")).expect("JSON");
        let as_number = written["schemaversion"].as_i64();
        assert!(as_number.is_none_or(|number| i32::try_from(number).is_ok()), "{written}");
        assert_eq!(read(written).schema_version.get(), version);
    }
}

#[test]
fn names_of_attributes_are_lower_case_letters_and_digits() {
    let mut event = read(event());
    event.metadata.tags = vec!["a".parse().expect("a tag")];
    event.metadata.actor = Some("kim".parse().expect("a name"));
    event.data.content_type = "text/plain".parse().expect("a type");
    let written = serde_json::to_value(CloudEvent::from_envelope(&event, "/x")).expect("JSON");
    for name in written.as_object().expect("an object").keys().filter(|name| *name != "data_base64")
    {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        assert!(name.bytes().all(plain) && name.len() <= 20, "{name}");
    }
}
