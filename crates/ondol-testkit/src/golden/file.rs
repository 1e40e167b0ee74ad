//! One golden file: an event's type, its version, and its data, for people to read.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use ondol_domain::Encoded;
use ondol_kernel::{EventType, Payload, SchemaVersion};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::GoldenProblem;

/// The text of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    #[serde(rename = "type")]
    event_type: EventType,
    version: SchemaVersion,
    data: Value,
}

/// Where the file of an event's version is.
pub(super) fn path(folder: &Path, event_type: &str, version: SchemaVersion) -> PathBuf {
    folder.join(format!("{event_type}.v{version}.json"))
}

/// Writes a file that is not there yet; one that is there is left as it is.
pub(super) fn write_new(path: &Path, encoded: &Encoded) -> Result<(), GoldenProblem> {
    let not_golden = |source| GoldenProblem::NotGolden { path: path.to_owned(), source };
    let disk = |source| GoldenProblem::Disk { path: path.to_owned(), source };
    let golden = Golden {
        event_type: encoded.event_type.clone(),
        version: encoded.schema_version,
        data: serde_json::from_slice(&encoded.payload.bytes).map_err(not_golden)?,
    };
    let text = serde_json::to_string_pretty(&golden).map_err(not_golden)? + "\n";
    fs::create_dir_all(path.parent().unwrap_or(path)).map_err(disk)?;
    File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(disk)
}

pub(super) fn read(path: &Path) -> Result<Encoded, GoldenProblem> {
    let not_golden = |source| GoldenProblem::NotGolden { path: path.to_owned(), source };
    let text = fs::read_to_string(path)
        .map_err(|source| GoldenProblem::Disk { path: path.to_owned(), source })?;
    let golden: Golden = serde_json::from_str(&text).map_err(not_golden)?;
    let data = serde_json::to_vec(&golden.data).map_err(not_golden)?;
    Ok(Encoded {
        event_type: golden.event_type,
        schema_version: golden.version,
        payload: Payload::json(data),
    })
}

/// The data for people to compare: a line a field, in the order of their names.
pub(super) fn pretty(data: &Payload) -> Result<String, GoldenProblem> {
    let value = serde_json::from_slice::<Value>(&data.bytes);
    value
        .and_then(|value| serde_json::to_string_pretty(&value))
        .map_err(|source| GoldenProblem::NotGolden { path: PathBuf::new(), source })
}

/// The files of a kind of event, in order.
pub(super) fn of_kind(folder: &Path, kind: &str) -> Result<Vec<PathBuf>, GoldenProblem> {
    let disk = |source| GoldenProblem::Disk { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(disk(error)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(disk)?;
    paths.retain(|path| is_of_kind(path, kind));
    paths.sort();
    Ok(paths)
}

/// Whether a file is `KIND.NAME.vN.json`; a kind can have points of its own, a name has none.
fn is_of_kind(path: &Path, kind: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let of_kind = name.strip_prefix(kind).and_then(|name| name.strip_prefix('.'));
    of_kind.is_some_and(|name| name.ends_with(".json") && name.matches('.').count() == 2)
}
