//! Names and values, as all of OTLP has them.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;

pub(super) fn attribute(name: &str, value: Value) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(any(value)), ..KeyValue::default() }
}

pub(super) fn text(name: &str, value: &str) -> KeyValue {
    attribute(name, Value::StringValue(value.to_owned()))
}

pub(super) const fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

/// A whole number, which OTLP has up to half of what we have.
pub(super) fn number(number: u64) -> Value {
    match i64::try_from(number) {
        Ok(number) => Value::IntValue(number),
        Err(_too_large) => Value::StringValue(number.to_string()),
    }
}

/// Who tells.
pub(super) fn resource(program: &str) -> Resource {
    Resource { attributes: vec![text("service.name", program)], ..Resource::default() }
}

/// With what it is told.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "ondol".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}
