//! A description, made ready: which operations there are, and what each has to be asked like.

mod parts;
mod path;

use std::path::Path;

use http::Method;
use serde_json::Value;

use super::operation::{Operation, Values};
use super::schema::Schemas;
use super::strict;
use parts::Parts;
use path::Template;

/// Bytes of a description.
const BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Operations of a description.
const OPERATIONS_MAX: usize = 10_000;
/// Wrong things that are told of a description.
const TOLD_MAX: usize = 8;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A description.
#[derive(Debug)]
pub(crate) struct Document {
    base: String,
    /// Paths with less to be filled in come first.
    paths: Vec<Described>,
}

/// A path and what may be asked of it.
#[derive(Debug)]
struct Described {
    template: Template,
    operations: Vec<(Method, Operation)>,
}

/// What a description knows of a request.
#[derive(Debug)]
pub(super) enum Match<'a> {
    Operation(&'a Operation, Values<'a>),
    OtherMethod,
    Nothing,
}

/// What is wrong with a description: where, as a JSON pointer, and what.
pub(crate) type Wrong = Vec<String>;

/// Whether a file can be used.
pub(crate) fn check_file(file: &Path, base: Option<&str>) -> Result<(), Wrong> {
    Document::load(file, base).map(drop)
}

/// Reads a description.
pub(crate) fn read_document(text: &[u8], base: Option<&str>) -> Result<Document, Wrong> {
    let document = strict::parse(text).map_err(|wrong| vec![wrong.detail().to_owned()])?;
    Document::read(&document, base)
}

impl Document {
    /// Reads a description's file.
    pub(super) fn load(file: &Path, base: Option<&str>) -> Result<Self, Wrong> {
        let named = |what: &dyn std::fmt::Display| vec![format!("{}: {what}", file.display())];
        let length = std::fs::metadata(file).map_err(|error| named(&error))?.len();
        if length > BYTES_MAX {
            return Err(named(&format!("it has more than {BYTES_MAX} bytes")));
        }
        let text = std::fs::read(file).map_err(|error| named(&error))?;
        read_document(&text, base).map_err(|wrong| {
            wrong.into_iter().map(|wrong| format!("{}: {wrong}", file.display())).collect()
        })
    }

    fn read(document: &Value, base: Option<&str>) -> Result<Self, Wrong> {
        let version = document["openapi"].as_str().unwrap_or_default();
        if version != "3.1" && !version.starts_with("3.1.") {
            return Err(vec![format!("`/openapi`: it is `{version:.20}`, and has to be 3.1")]);
        }
        let dialect = document["jsonSchemaDialect"].as_str();
        let known = ["https://spec.openapis.org/oas/3.1/dialect", "draft/2020-12/schema"];
        if dialect.is_some_and(|dialect| !known.iter().any(|known| dialect.contains(known))) {
            return Err(vec!["`/jsonSchemaDialect`: this dialect is not known".to_owned()]);
        }
        let schemas = Schemas::of(document).map_err(|wrong| vec![wrong])?;
        let mut parts = Parts { document, schemas, wrong: Vec::new() };
        let mut paths = Vec::new();
        let mut operations = 0;
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            let at = format!("/paths/{}", path.replace('~', "~0").replace('/', "~1"));
            let Some(described) = describe(&mut parts, path, item, &at) else { continue };
            operations += described.operations.len();
            paths.push(described);
        }
        if operations > OPERATIONS_MAX {
            parts.wrong.push(format!("there are more than {OPERATIONS_MAX} operations"));
        }
        let Parts { mut wrong, .. } = parts;
        if !wrong.is_empty() {
            wrong.truncate(TOLD_MAX);
            return Err(wrong);
        }
        paths.sort_by_key(|described| described.template.open());
        let base = base.map_or_else(|| server_path(document), str::to_owned);
        Ok(Self { base: base.trim_end_matches('/').to_owned(), paths })
    }

    /// What is known of a request.
    pub(super) fn find<'a>(&'a self, method: &Method, path: &'a str) -> Match<'a> {
        let Some(path) = path.strip_prefix(self.base.as_str()) else { return Match::Nothing };
        let mut known = false;
        for described in &self.paths {
            let Some(values) = described.template.fits(path) else { continue };
            known = true;
            let of =
                |wanted: &Method| described.operations.iter().find(|(method, _)| method == wanted);
            // Whatever can be got can be asked about.
            let head = || (method == Method::HEAD).then(|| of(&Method::GET)).flatten();
            if let Some((_, operation)) = of(method).or_else(head) {
                return Match::Operation(operation, values);
            }
        }
        if known { Match::OtherMethod } else { Match::Nothing }
    }
}

fn describe<'a>(parts: &mut Parts<'a>, path: &str, item: &'a Value, at: &str) -> Option<Described> {
    let template = match Template::read(path) {
        Ok(template) => template,
        Err(what) => {
            parts.wrong.push(format!("`{at}`: {what}"));
            return None;
        }
    };
    let (item, at) = parts.follow(item, at)?;
    let mut operations = Vec::new();
    for name in METHODS {
        let Some(operation) = item.get(name) else { continue };
        let method = Method::from_bytes(name.to_ascii_uppercase().as_bytes()).ok()?;
        operations.push((method, parts.operation(item, operation, &at, name)));
    }
    Some(Described { template, operations })
}

/// The path of the only server, if there is one.
fn server_path(document: &Value) -> String {
    let servers = document["servers"].as_array().map_or(&[][..], Vec::as_slice);
    let [server] = servers else { return String::new() };
    let url = server["url"].as_str().unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => url,
    };
    if path.starts_with('/') && !path.contains('{') { path.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests;
