//! From text to options.

use super::check::check;
use super::model::Config;
use super::place::{Finding, Findings, Source, meant};

impl Config {
    /// Reads a file's text; `file` is only for the messages.
    ///
    /// # Errors
    /// Everything that is wrong with it, and where.
    pub fn read(file: &str, text: &str) -> Result<Self, Findings> {
        let source = Source { file, text };
        let config: Self =
            toml::from_str(text).map_err(|error| Findings(vec![explain(&source, &error)]))?;
        let findings = check(&source, &config);
        if findings.is_empty() { Ok(config) } else { Err(Findings(findings)) }
    }
}

/// What TOML found, with the word that was probably meant.
fn explain(source: &Source<'_>, error: &toml::de::Error) -> Finding {
    let offset = error.span().map_or(0, |span| span.start);
    let message = error.message();
    let begins = [("key", "unknown field `"), ("value", "unknown variant `")];
    let unknown = begins.into_iter().find_map(|(what, begin)| {
        let (unknown, expected) = message.strip_prefix(begin)?.split_once('`')?;
        Some((what, unknown, expected))
    });
    let Some((what, unknown, expected)) = unknown else { return source.at(offset, message) };
    let known = expected.split('`').skip(1).step_by(2);
    let hint = match meant(unknown, known) {
        Some(word) => format!("unknown {what} `{unknown}`; did you mean `{word}`?"),
        None => format!("unknown {what} `{unknown}`{expected}"),
    };
    source.at(offset, hint)
}
