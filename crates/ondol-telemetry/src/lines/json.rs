//! A line as a JSON value: flat, so that whoever searches need not know where things stand.

use serde_json::{Map, Value as Json};
use tracing::Metadata;

use super::Whose;
use super::fields::{Fields, Value};

/// What a line says of itself; a field of such a name says it under another one.
const OWN: [&str; 7] =
    ["timestamp", "level", "target", "message", "trace_id", "span_id", "correlation"];

pub(super) fn line(about: &Metadata<'_>, fields: Fields, here: Option<Whose>) -> Json {
    let mut line = Map::new();
    line.insert("timestamp".to_owned(), super::text::now().into());
    line.insert("level".to_owned(), about.level().as_str().into());
    line.insert("message".to_owned(), fields.message.into());
    for (name, value) in fields.others {
        let name = if OWN.contains(&name) { format!("field.{name}") } else { name.to_owned() };
        line.insert(name, json(value));
    }
    line.insert("target".to_owned(), about.target().into());
    if let Some((context, correlation)) = here {
        line.insert("trace_id".to_owned(), format!("{:032x}", context.trace_id()).into());
        line.insert("span_id".to_owned(), format!("{:016x}", context.parent_id()).into());
        if let Some(correlation) = correlation {
            line.insert("correlation".to_owned(), correlation.to_string().into());
        }
    }
    Json::Object(line)
}

fn json(value: Value) -> Json {
    match value {
        Value::Text(text) => text.into(),
        Value::Number(number) => number.into(),
        Value::Signed(number) => number.into(),
        Value::Fraction(number) => number.into(),
        Value::Flag(flag) => flag.into(),
    }
}
