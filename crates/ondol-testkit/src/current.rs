//! Files of the documents that a program writes: what stands there is what would be written now.

use std::fs;
use std::path::Path;

/// The environment's word for writing them anew.
const UPDATE: &str = "UPDATE";

/// Checks that a file says what it should, and writes it if `UPDATE=1`.
///
/// # Panics
/// When it says something else, or cannot be written.
#[track_caller]
#[expect(clippy::panic, reason = "a document that is not current fails its test")]
pub fn is_current(file: &Path, text: &str) {
    let shown = file.display();
    if std::env::var(UPDATE).is_ok_and(|update| update == "1") {
        let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
        let written = folder.and_then(|()| fs::write(file, text));
        written.unwrap_or_else(|error| panic!("{shown} cannot be written: {error}"));
    }
    let found = fs::read_to_string(file).unwrap_or_default();
    assert!(found == text, "{shown} is not what would be written now; {UPDATE}=1 writes it anew");
}
