//! What stands in a file, and everything that is wrong with it, each with its line.

use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::given::nested;
use super::{Config, ConfigProblem};

/// Reads a file.
pub(super) fn read(path: &Path, text: &str) -> Result<Table, Vec<ConfigProblem>> {
    let place = |at: usize| {
        let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
        format!("{}:{line}", path.display())
    };
    let first = |error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        vec![ConfigProblem::of(place(at), &error)]
    };
    let table: Table = toml::from_str(text).map_err(first)?;
    let Err(error) = toml::from_str::<Config>(text) else { return Ok(table) };
    let parsed = DeTable::parse(text).map_err(first)?;
    let mut settings = Vec::new();
    each(parsed.get_ref(), &mut Vec::new(), &mut settings);
    settings.sort_unstable_by_key(|(_names, at)| *at);
    let mut problems: Vec<ConfigProblem> = Vec::new();
    for (names, at) in settings {
        let Some(value) = found(&table, &names) else { continue };
        let alone = Config::deserialize(Value::Table(nested(&names, value.clone())));
        let Some(problem) = alone.err().map(|error| ConfigProblem::of(place(at), &error)) else {
            continue;
        };
        // A section that is not known is one problem, however much stands in it.
        if !problems.iter().any(|other| other.problem == problem.problem) {
            problems.push(problem);
        }
    }
    Err(if problems.is_empty() { first(error) } else { problems })
}

/// Every setting of a table: how it is called, and where its name stands.
fn each(table: &DeTable<'_>, above: &mut Vec<String>, settings: &mut Vec<(Vec<String>, usize)>) {
    for (name, value) in table {
        above.push(name.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => each(inner, above, settings),
            _one => settings.push((above.clone(), name.span().start)),
        }
        above.pop();
    }
}

fn found<'a>(table: &'a Table, names: &[String]) -> Option<&'a Value> {
    let (first, rest) = names.split_first()?;
    let value = table.get(first)?;
    if rest.is_empty() { Some(value) } else { found(value.as_table()?, rest) }
}
