//! A parameter of an operation: where it is, and what it has to be.

use serde_json::Value;

use super::Violation;
use super::schema::Schema;
use super::strict;

/// A parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) form: Form,
    pub(super) schema: Schema,
}

/// Where a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
    Cookie,
}

/// How a parameter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One value.
    One(Kinds),
    /// A list, each value by itself.
    Repeated(Kinds),
    /// A list with this between its values.
    Separated(char, Kinds),
    /// JSON.
    Json,
}

/// What a text may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds {
    pub(super) number: bool,
    pub(super) boolean: bool,
    pub(super) string: bool,
}

impl Place {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }

    pub(super) fn read(name: &str) -> Option<Self> {
        let all = [Self::Path, Self::Query, Self::Header, Self::Cookie];
        all.into_iter().find(|place| place.name() == name)
    }
}

impl Kinds {
    /// The kinds that a schema's `type` allows; all, if it says nothing.
    pub(super) fn of(types: Option<&Value>) -> Self {
        let named = |name: &str| match types {
            None => true,
            Some(Value::String(one)) => one == name,
            Some(Value::Array(many)) => many.iter().any(|one| one == name),
            Some(_) => false,
        };
        Self {
            number: named("number") || named("integer"),
            boolean: named("boolean"),
            string: named("string"),
        }
    }

    /// What a text may stand for, the most special first. A text, if it can be nothing else.
    fn values(self, text: &str) -> Vec<Value> {
        let mut values = Vec::new();
        if self.number {
            values.extend(strict::number(text));
        }
        if self.boolean && matches!(text, "true" | "false") {
            values.push(Value::Bool(text == "true"));
        }
        if self.string || values.is_empty() {
            values.push(text.into());
        }
        values
    }

    fn first(self, text: &str) -> Value {
        self.values(text).into_iter().next().unwrap_or(Value::Null)
    }
}

impl Parameter {
    /// Adds what is not as it has to be about the values that a request has for it.
    pub(super) fn judge(&self, found: &[&str], violations: &mut Vec<Violation>) {
        let mut broken = |rule: &str| {
            let (place, at, rule) = (self.place.name(), self.name.clone(), rule.to_owned());
            violations.push(Violation { place, at, rule });
        };
        let candidates = match (self.form, found) {
            (_, []) => {
                if self.required {
                    broken("required");
                }
                return;
            }
            (Form::Repeated(kinds), many) => {
                vec![many.iter().map(|text| kinds.first(text)).collect::<Vec<_>>().into()]
            }
            (_, [_, _, ..]) => return broken("once"),
            (Form::One(kinds), [text]) => kinds.values(text),
            (Form::Separated(separator, kinds), [text]) => {
                let parts = text.split(separator).map(str::trim);
                vec![parts.map(|text| kinds.first(text)).collect::<Vec<_>>().into()]
            }
            (Form::Json, [text]) => match strict::parse(text.as_bytes()) {
                Ok(value) => vec![value],
                Err(_) => return broken("json"),
            },
        };
        if candidates.iter().any(|value| self.schema.allows(value)) {
            return;
        }
        if let Some(value) = candidates.first() {
            self.schema.judge(value, self.place.name(), &self.name, violations);
        }
    }
}
