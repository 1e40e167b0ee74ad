//! The parts of a description, read one by one; what is wrong with them is gathered.

use serde_json::Value;

use crate::policy::media::Pattern;
use crate::policy::openapi::operation::{BodyRule, Operation};
use crate::policy::openapi::parameter::{Form, Kinds, Parameter, Place};
use crate::policy::openapi::schema::{Schema, Schemas};

/// References that lead to references.
const HOPS_MAX: usize = 16;
/// Headers that are described elsewhere.
const ELSEWHERE: [&str; 3] = ["accept", "content-type", "authorization"];

/// What is being read.
pub(super) struct Parts<'a> {
    pub(super) document: &'a Value,
    pub(super) schemas: Schemas<'a>,
    pub(super) wrong: Vec<String>,
}

impl<'a> Parts<'a> {
    fn wrong<T>(&mut self, at: &str, what: impl std::fmt::Display) -> Option<T> {
        self.wrong.push(format!("`{at}`: {what}"));
        None
    }

    /// What a reference leads to, and where that is.
    pub(super) fn follow(&mut self, mut part: &'a Value, at: &str) -> Option<(&'a Value, String)> {
        let mut at = at.to_owned();
        for _ in 0..HOPS_MAX {
            let Some(reference) = part.get("$ref") else { return Some((part, at)) };
            let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
            let found = pointer.and_then(|pointer| {
                self.document.pointer(pointer).map(|found| (found, pointer.to_owned()))
            });
            let Some(found) = found else {
                return self.wrong(&at, "its reference leads nowhere in the description");
            };
            (part, at) = found;
        }
        self.wrong(&at, "its references lead in a circle")
    }

    fn schema(&mut self, at: &str) -> Option<Schema> {
        match self.schemas.at(at) {
            Ok(schema) => Some(schema),
            Err(what) => self.wrong(at, what),
        }
    }

    /// An operation of a path.
    pub(super) fn operation(
        &mut self,
        item: &'a Value,
        operation: &'a Value,
        at: &str,
        method: &str,
    ) -> Operation {
        let own = format!("{at}/{method}");
        let mut parameters = self.parameters(operation, &own);
        for shared in self.parameters(item, at) {
            // An operation says it again when it means something else.
            let same = |one: &Parameter| one.place == shared.place && one.name == shared.name;
            if !parameters.iter().any(same) {
                parameters.push(shared);
            }
        }
        let body = operation.get("requestBody");
        let body = body.and_then(|body| self.body(body, &format!("{own}/requestBody")));
        Operation { parameters, body }
    }

    fn parameters(&mut self, of: &'a Value, at: &str) -> Vec<Parameter> {
        let Some(list) = of.get("parameters").and_then(Value::as_array) else { return Vec::new() };
        let each = list.iter().enumerate();
        each.filter_map(|(number, one)| self.parameter(one, &format!("{at}/parameters/{number}")))
            .collect()
    }

    fn parameter(&mut self, parameter: &'a Value, at: &str) -> Option<Parameter> {
        let (parameter, at) = self.follow(parameter, at)?;
        let text = |key: &str| parameter.get(key).and_then(Value::as_str);
        let Some(place) = text("in").and_then(Place::read) else {
            return self.wrong(&at, "it is `in` nothing that is known");
        };
        let Some(name) = text("name") else { return self.wrong(&at, "it has no `name`") };
        let name = match place {
            Place::Header => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        };
        if place == Place::Header && ELSEWHERE.contains(&name.as_str()) {
            return None;
        }
        let flag = |key: &str| parameter.get(key).and_then(Value::as_bool);
        let required = place == Place::Path || flag("required").unwrap_or(false);
        if let Some(content) = parameter.get("content").and_then(Value::as_object) {
            let (Some((media, _)), 1) = (content.iter().next(), content.len()) else {
                return self.wrong(&at, "its `content` has exactly one media type");
            };
            if media != "application/json" {
                return self.wrong(&at, "of media types only `application/json` is looked into");
            }
            let schema = self.schema(&format!("{at}/content/application~1json/schema"))?;
            return Some(Parameter { place, name, required, form: Form::Json, schema });
        }
        let Some(schema) = parameter.get("schema") else {
            return self.wrong(&at, "it has neither `schema` nor `content`");
        };
        let form = self.form(schema, &at, place, text("style"), flag("explode"))?;
        let schema = self.schema(&format!("{at}/schema"))?;
        Some(Parameter { place, name, required, form, schema })
    }

    /// How a parameter with this schema is written.
    fn form(
        &mut self,
        schema: &'a Value,
        at: &str,
        place: Place,
        style: Option<&str>,
        explode: Option<bool>,
    ) -> Option<Form> {
        let (schema, _) = self.follow(schema, &format!("{at}/schema"))?;
        let types = schema.get("type");
        let is_only = |kind: &str| types.and_then(Value::as_str) == Some(kind);
        if is_only("object") {
            return self.wrong(at, "an object as a parameter is looked into only as `content`");
        }
        if !is_only("array") {
            return Some(Form::One(Kinds::of(types)));
        }
        let items = match schema.get("items") {
            Some(items) => self.follow(items, &format!("{at}/schema/items"))?.0.get("type"),
            None => None,
        };
        let kinds = Kinds::of(items);
        let listed = matches!(place, Place::Query | Place::Cookie);
        match style.unwrap_or(if listed { "form" } else { "simple" }) {
            "form" if listed && explode.unwrap_or(true) => Some(Form::Repeated(kinds)),
            "form" if listed => Some(Form::Separated(',', kinds)),
            "simple" if !listed => Some(Form::Separated(',', kinds)),
            "spaceDelimited" if place == Place::Query => Some(Form::Separated(' ', kinds)),
            "pipeDelimited" if place == Place::Query => Some(Form::Separated('|', kinds)),
            _ => self.wrong(at, "a list in this style is not looked into"),
        }
    }

    fn body(&mut self, body: &'a Value, at: &str) -> Option<BodyRule> {
        let (body, at) = self.follow(body, at)?;
        let required = body.get("required").and_then(Value::as_bool).unwrap_or(false);
        let Some(content) = body.get("content").and_then(Value::as_object) else {
            return self.wrong(&at, "a body has `content`");
        };
        let mut contents = Vec::new();
        for (media, described) in content {
            let Some(pattern) = Pattern::read(media.split(';').next().unwrap_or_default()) else {
                return self.wrong(&at, format!("`{media}` is no media type"));
            };
            let key = media.replace('~', "~0").replace('/', "~1");
            let schema = match described.get("schema") {
                Some(_) => Some(self.schema(&format!("{at}/content/{key}/schema"))?),
                None => None,
            };
            contents.push((pattern, schema));
        }
        contents.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.weight()));
        Some(BodyRule { required, contents })
    }
}
