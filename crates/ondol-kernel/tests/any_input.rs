//! Every word is read alike from text, from a stream of bytes, and from a tree of values.

use std::fmt::Debug;

use ondol_kernel::{
    Actor, CloudEvent, Currency, EventId, EventType, Metadata, Money, Position, SchemaVersion,
    StreamId, Tag, Tenant, Timestamp, TraceParent, Version,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn read_alike<T: DeserializeOwned + Serialize + PartialEq + Debug>(json: &str) {
    let from_text: T = serde_json::from_str(json).expect("from text");
    let from_bytes: T = serde_json::from_reader(json.as_bytes()).expect("from a stream of bytes");
    let tree: serde_json::Value = serde_json::from_str(json).expect("it is JSON");
    let from_tree: T = serde_json::from_value(tree.clone()).expect("from a tree");
    assert_eq!(from_text, from_bytes);
    assert_eq!(from_text, from_tree);
    assert_eq!(serde_json::to_value(&from_text).expect("it is written"), tree);
    // An escape makes the text one that cannot be borrowed.
    let escaped = json.replacen('a', "\\u0061", 1);
    assert_eq!(serde_json::from_str::<T>(&escaped).expect("escaped"), from_text, "{escaped}");
}

#[test]
fn every_word_is_read_from_whatever_it_comes_in() {
    let trace = r#""00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01""#;
    let id = r#""01939d2e-0000-7000-8000-00000000000b""#;
    read_alike::<Money>(r#"{"amount":"-12.34","currency":"USD"}"#);
    read_alike::<Currency>(r#""KRW""#);
    read_alike::<EventId>(id);
    read_alike::<Timestamp>(r#""2026-01-31T09:30:00.000001Z""#);
    read_alike::<StreamId>(r#""account:김""#);
    read_alike::<EventType>(r#""account.opened""#);
    read_alike::<Tag>(r#""seat:12a""#);
    read_alike::<Actor>(r#""anna""#);
    read_alike::<Tenant>(r#""acme""#);
    read_alike::<TraceParent>(trace);
    read_alike::<Version>("18446744073709551615");
    read_alike::<Position>("1");
    read_alike::<SchemaVersion>("4294967295");
    read_alike::<Metadata>(&format!(
        r#"{{"actor":"anna","causation":{id},"command":{id},"correlation":{id},"tags":["x"],"tenant":"t","time":"1970-01-01T00:00:00.000000Z","traceparent":{trace}}}"#
    ));
}

#[test]
fn a_cloud_event_is_read_from_whatever_it_comes_in() {
    let json = r#"{"specversion":"1.0","id":"01939d2e-0000-7000-8000-00000000000b","source":"/a","type":"t","subject":"a:b","position":"1","streamversion":"1","data":{"a":[1.50,null]}}"#;
    let text: CloudEvent = serde_json::from_str(json).expect("from text");
    let bytes: CloudEvent = serde_json::from_reader(json.as_bytes()).expect("from bytes");
    let tree = serde_json::from_str(json).expect("it is JSON");
    let tree: CloudEvent = serde_json::from_value(tree).expect("from a tree");
    let text = text.into_envelope().expect("it is one of ours");
    assert_eq!(bytes.into_envelope().expect("so is this"), text);
    assert_eq!(text.data.bytes, r#"{"a":[1.50,null]}"#);
    assert_eq!(tree.into_envelope().expect("and this").data.bytes, r#"{"a":[1.5,null]}"#);
}
