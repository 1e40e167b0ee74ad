//! Requests held against a description of the interface: OpenAPI 3.1, as JSON.
//!
//! What is looked at: whether there is such an operation, its parameters, and its body if that is JSON. A
//! body is read whole, up to a limit, judged, and goes on byte for byte as it came. What is said about a
//! wrong request names places (a parameter, a JSON pointer) and rules, and never a value.
//!
//! Limits: one file, references only within it, no YAML; patterns are regular expressions that take linear
//! time, so none that look around; `discriminator` says nothing that `oneOf` does not; objects spread over
//! several parameters are refused when the description is read.

mod document;
#[cfg(test)]
mod fuzz;
mod operation;
mod parameter;
mod schema;
mod strict;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use http::header::CONTENT_ENCODING;
use ondol_resilience::Mode;

use super::media::Media;
use super::{NotMade, observe};
use crate::body::Body;
use crate::cache::{Gathered, gather};
use crate::config::{Unknown, ValidateOptions};
use crate::gateway::{Core, Exchange, Record, of_body};
use crate::problem::{Problem, Violations};

use document::Match;
pub(crate) use document::{Document, check_file};
use operation::{BodyRule, Operation};
pub(crate) use strict::NotJson;

/// Violations that are told of one request.
pub(crate) const TOLD_MAX: usize = 8;

/// A description that requests of a route are held against.
#[derive(Debug)]
pub(crate) struct OpenApi {
    mode: Mode,
    unknown: Unknown,
    body_bytes_max: u64,
    document: Document,
    file: PathBuf,
    stamp: Stamp,
}

/// When a file was written, and how long it is; nothing, if it is not there.
pub(crate) type Stamp = Option<(SystemTime, u64)>;

/// What tells that a description has changed.
pub(crate) fn stamp(file: &Path) -> Stamp {
    let about = std::fs::metadata(file).ok()?;
    Some((about.modified().ok()?, about.len()))
}

/// Something about a request that is not as it is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// `path`, `query`, `header`, `cookie` or `body`.
    pub(crate) place: &'static str,
    /// The parameter, or a JSON pointer into the body.
    pub(crate) at: String,
    /// The rule, as JSON Schema calls it.
    pub(crate) rule: String,
}

impl OpenApi {
    /// Ready to be held against; none, if it is off.
    pub(crate) fn new(options: &ValidateOptions) -> Result<Option<Self>, NotMade> {
        if options.mode == Mode::Off {
            return Ok(None);
        }
        let file = options.openapi.clone();
        let stamp = stamp(&file);
        let document = Document::load(&file, options.base.as_deref());
        let document = document.map_err(|_wrong| NotMade)?;
        let ValidateOptions { mode, unknown, body_bytes_max, .. } = *options;
        Ok(Some(Self { mode, unknown, body_bytes_max, document, file, stamp }))
    }

    /// Whether its file is the one that was read.
    pub(crate) fn is_fresh(&self) -> bool {
        stamp(&self.file) == self.stamp
    }

    /// Lets a request in that is as it is described.
    pub(crate) async fn admit(
        &self,
        core: &Core,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<(), Problem> {
        match (self.judge(exchange).await, self.mode) {
            (Err(problem), Mode::Observe) => {
                observe(core, record, &problem);
                Ok(())
            }
            (judgement, _) => judgement,
        }
    }

    async fn judge(&self, exchange: &mut Exchange) -> Result<(), Problem> {
        let target = exchange.target.clone();
        let found = self.document.find(&exchange.ask.method, target.path());
        let (operation, values) = match found {
            Match::Operation(operation, values) => (operation, values),
            _ if self.unknown == Unknown::Pass => return Ok(()),
            Match::OtherMethod => return Err(Problem::MethodNotAllowed),
            Match::Nothing => return Err(Problem::OperationUnknown),
        };
        let mut violations = Vec::new();
        let query = target.query().unwrap_or_default();
        operation.judge_parameters(&values, query, &exchange.ask.headers, &mut violations);
        if !violations.is_empty() {
            return Err(Violations(violations).into());
        }
        self.judge_body(operation, exchange).await
    }

    async fn judge_body(
        &self,
        operation: &Operation,
        exchange: &mut Exchange,
    ) -> Result<(), Problem> {
        let Some(rule) = &operation.body else { return Ok(()) };
        if http_body::Body::is_end_stream(&exchange.body) {
            return match rule.required {
                true => Err(Violations(vec![missing_body()]).into()),
                false => Ok(()),
            };
        }
        let media = Media::of(&exchange.ask.headers).filter(Media::has_fit_charset);
        let Some((media, schema)) = media.and_then(|media| {
            let schema = rule.schema(&media)?;
            Some((media, schema))
        }) else {
            return Err(Problem::UnsupportedMediaType);
        };
        if !media.is_json() {
            return Ok(());
        }
        if exchange.ask.headers.contains_key(CONTENT_ENCODING) {
            return Err(Problem::UnknownCoding);
        }
        let body = std::mem::take(&mut exchange.body);
        let gathered = gather(body, self.body_bytes_max).await.map_err(|error| of_body(&error))?;
        let bytes = match gathered {
            Gathered::Whole(bytes) => {
                exchange.body = Body::full(bytes.clone());
                bytes
            }
            Gathered::More(body) => {
                exchange.body = body;
                return Err(Problem::BodyTooLarge);
            }
        };
        judge_json(&bytes, schema)
    }
}

fn judge_json(bytes: &[u8], schema: Option<&schema::Schema>) -> Result<(), Problem> {
    let value = strict::parse(bytes).map_err(Problem::JsonMalformed)?;
    let mut violations = Vec::new();
    if let Some(schema) = schema {
        schema.judge(&value, "body", "", &mut violations);
    }
    if violations.is_empty() { Ok(()) } else { Err(Violations(violations).into()) }
}

fn missing_body() -> Violation {
    Violation { place: "body", at: String::new(), rule: "required".to_owned() }
}

impl BodyRule {
    /// What a body of this type has to be, if it may be of it.
    fn schema(&self, media: &Media) -> Option<Option<&schema::Schema>> {
        let mut fitting = self.contents.iter().filter(|(pattern, _)| pattern.fits(media));
        fitting.next().map(|(_, schema)| schema.as_ref())
    }
}
