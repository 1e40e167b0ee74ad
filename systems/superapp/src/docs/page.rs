//! The page: what can be asked, by what it is about, and the shapes of questions and answers.

use std::collections::BTreeMap;

use askama::Template;
use serde_json::Value;

use super::shapes::{Kind, Shape, kind, shapes};

/// The parts of an address that do not say what it is about.
const NOT_ABOUT: [&str; 3] = ["api", "v1", "oauth2"];
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[derive(Template)]
#[template(path = "docs.html")]
struct Page {
    title: String,
    version: String,
    sections: Vec<Section>,
    shapes: Vec<Shape>,
}

/// What is about the same.
struct Section {
    name: String,
    operations: Vec<Operation>,
}

/// Something that can be asked.
struct Operation {
    method: String,
    path: String,
    text: String,
    parameters: Vec<Parameter>,
    takes: Option<Kind>,
    answers: Vec<Answer>,
}

struct Parameter {
    name: String,
    place: String,
    is_required: bool,
    text: String,
}

struct Answer {
    status: String,
    kind: Option<Kind>,
}

/// The page of a description; nothing, if it is none.
pub(super) fn of(description: &Value) -> Option<String> {
    let mut sections: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for (path, item) in description["paths"].as_object()? {
        let methods = METHODS.iter().filter_map(|method| Some((*method, item.get(method)?)));
        let operations = methods.map(|(method, asked)| Operation::of(method, path, asked));
        sections.entry(about(path)).or_default().extend(operations);
    }
    let sections = sections.into_iter().map(|(name, operations)| Section { name, operations });
    let page = Page {
        title: text(&description["info"]["title"]),
        version: text(&description["info"]["version"]),
        sections: sections.collect(),
        shapes: shapes(&description["components"]["schemas"]),
    };
    page.render().ok()
}

/// What an address is about: its first word that says it.
fn about(path: &str) -> String {
    let mut words = path.split('/').filter(|word| !word.is_empty());
    words.find(|word| !NOT_ABOUT.contains(word)).unwrap_or("/").to_owned()
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_owned()
}

impl Operation {
    fn of(method: &str, path: &str, asked: &Value) -> Self {
        let said = [text(&asked["summary"]), text(&asked["description"])];
        let said = said.into_iter().filter(|said| !said.is_empty());
        let parameters = asked["parameters"].as_array().into_iter().flatten();
        let answers = asked["responses"].as_object().into_iter().flatten();
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            text: said.collect::<Vec<_>>().join(" "),
            parameters: parameters.map(Parameter::of).collect(),
            takes: content(&asked["requestBody"]),
            answers: answers
                .map(|(status, answer)| Answer { status: status.clone(), kind: content(answer) })
                .collect(),
        }
    }
}

impl Parameter {
    fn of(parameter: &Value) -> Self {
        Self {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            is_required: parameter["required"] == true,
            text: text(&parameter["description"]),
        }
    }
}

/// What the first content of a body is.
fn content(body: &Value) -> Option<Kind> {
    let (_media_type, first) = body["content"].as_object()?.iter().next()?;
    Some(kind(&first["schema"]))
}
