//! Schemas, made ready once.

use jsonschema::{Draft, PatternOptions, Registry, Retrieve, Uri, Validator};
use serde_json::{Value, json};

use super::{TOLD_MAX, Violation};

/// Where the description is, for its own references.
const HERE: &str = "https://ondol.invalid/openapi";
/// Bytes of a compiled pattern.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;
/// Letters of a place that are told.
const PLACE_LETTERS_MAX: usize = 200;

/// A schema.
#[derive(Debug)]
pub(crate) struct Schema(Validator);

/// All schemas of a description.
pub(super) struct Schemas<'a> {
    registry: Registry<'a>,
}

/// Fetches nothing.
struct Nothing;

impl Retrieve for Nothing {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("`{uri}` is not within the description").into())
    }
}

impl<'a> Schemas<'a> {
    /// Those of a description.
    pub(super) fn of(document: &'a Value) -> Result<Self, String> {
        let said = |error: jsonschema::ReferencingError| error.to_string();
        let registry = Registry::new().draft(Draft::Draft202012).retriever(Nothing);
        let registry = registry.add(HERE, document).map_err(said)?.prepare().map_err(said)?;
        Ok(Self { registry })
    }

    /// The one at a place of the description, which is a JSON pointer.
    pub(super) fn at(&self, pointer: &str) -> Result<Schema, String> {
        let fragment = pointer.replace('%', "%25").replace('{', "%7B").replace('}', "%7D");
        let fragment: String = fragment.chars().map(escape).collect();
        let schema = json!({ "$ref": format!("{HERE}#{fragment}") });
        let options = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES_MAX))
            .should_validate_formats(true)
            .offline();
        options.build(&schema).map(Schema).map_err(|error| error.to_string())
    }
}

/// What may not stand in a fragment as it is.
fn escape(letter: char) -> String {
    match letter {
        ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '|' | '#' | '[' | ']' => {
            format!("%{:02X}", u32::from(letter))
        }
        _ => letter.to_string(),
    }
}

impl Schema {
    /// Whether a value is as it has to be.
    pub(super) fn allows(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }

    /// Adds what is not as it has to be about a value at a place.
    pub(super) fn judge(
        &self,
        value: &Value,
        place: &'static str,
        name: &str,
        violations: &mut Vec<Violation>,
    ) {
        if self.allows(value) {
            return;
        }
        for error in self.0.iter_errors(value).take(TOLD_MAX.saturating_sub(violations.len())) {
            let at: String = format!("{name}{}", error.instance_path().as_str());
            let at = at.chars().take(PLACE_LETTERS_MAX).collect();
            violations.push(Violation { place, at, rule: error.kind().keyword().to_owned() });
        }
    }
}
