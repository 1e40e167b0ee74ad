//! The shapes of what is sent and answered, in words.

use serde_json::Value;

use super::page::text;

const REFERENCE: &str = "#/components/schemas/";

/// What something is: words, and the shape that they end with, if it has a name.
pub(super) struct Kind {
    pub(super) words: String,
    pub(super) shape: Option<String>,
}

/// A shape that has a name.
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) members: Vec<Member>,
}

pub(super) struct Member {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// All shapes that have a name.
pub(super) fn shapes(schemas: &Value) -> Vec<Shape> {
    let shape = |(name, schema): (&String, &Value)| Shape {
        name: name.clone(),
        text: text(&schema["description"]),
        members: members(schema),
    };
    schemas.as_object().into_iter().flatten().map(shape).collect()
}

fn members(schema: &Value) -> Vec<Member> {
    let member = |(name, schema): (&String, &Value)| Member {
        name: name.clone(),
        kind: kind(schema),
        text: text(&schema["description"]),
    };
    schema["properties"].as_object().into_iter().flatten().map(member).collect()
}

/// What a schema describes.
pub(super) fn kind(schema: &Value) -> Kind {
    if let Some(shape) = schema["$ref"].as_str().and_then(|to| to.strip_prefix(REFERENCE)) {
        return Kind { words: String::new(), shape: Some(shape.to_owned()) };
    }
    if schema["type"] == "array" {
        let of = kind(&schema["items"]);
        return Kind { words: format!("list of {}", of.words), shape: of.shape };
    }
    let choices = ["oneOf", "anyOf", "allOf"].iter().find_map(|name| schema[*name].as_array());
    if let Some(choices) = choices {
        let known = choices.iter().find(|choice| choice["type"] != "null");
        let of = known.map_or_else(Kind::anything, kind);
        let is_optional = choices.iter().any(|choice| choice["type"] == "null");
        let words = if is_optional { format!("optional {}", of.words) } else { of.words };
        return Kind { words, shape: of.shape };
    }
    Kind { words: plain(schema), shape: None }
}

/// What a schema without a name describes.
fn plain(schema: &Value) -> String {
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        one => text(one),
    };
    match (types.as_str(), schema["format"].as_str()) {
        ("", _) => Kind::anything().words,
        (types, Some(format)) => format!("{types} ({format})"),
        (types, None) => types.to_owned(),
    }
}

impl Kind {
    fn anything() -> Self {
        Self { words: "anything".to_owned(), shape: None }
    }
}
