//! Golden files: each version of each event, as it was first recorded, kept for ever.
//!
//! `golden!([…])` takes one example of each event and compares how it is recorded now with the
//! file `golden/TYPE.vN.json` of the crate. A file that is missing is written by `UPDATE=1`; a
//! file that is there is never changed. So a change to an event's shape cannot go unseen: either
//! the shape goes back to what it was, or an upcast makes it a new version with a new file. And
//! every file of an older version has to be readable through the upcasts.

mod file;
mod problem;

use std::collections::BTreeSet;
use std::path::Path;

use ondol_domain::{Codec, Encoded, Facts, Problems};
use ondol_kernel::SchemaVersion;

pub use problem::GoldenProblem;

/// Checks the golden files of the crate in which it stands against one example of each event.
#[macro_export]
macro_rules! golden {
    ($examples:expr) => {
        $crate::golden::check(
            ::std::path::Path::new(env!("CARGO_MANIFEST_DIR")),
            env!("CARGO_PKG_NAME"),
            $examples,
        )
    };
}

/// The environment's word for writing files that are missing.
const UPDATE: &str = "UPDATE";

/// Whether missing files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// They are a problem.
    Told,
    /// They are written.
    Written,
}

/// Checks the golden files of a crate, and writes those that are missing if `UPDATE=1`.
///
/// # Panics
/// When a file is missing, an event is no longer recorded as its file says, or a file can no
/// longer be read.
#[track_caller]
#[expect(clippy::panic, reason = "a golden file that no longer holds fails its test")]
pub fn check<E: Facts>(crate_folder: &Path, name: &str, examples: impl IntoIterator<Item = E>) {
    let update = std::env::var(UPDATE).is_ok_and(|update| update == "1");
    let missing = if update { Missing::Written } else { Missing::Told };
    if let Err(problems) = verify(&crate_folder.join("golden"), missing, examples) {
        let list: Vec<_> = problems.found.iter().map(|problem| format!("- {problem}")).collect();
        let how = "a file that is missing is written by";
        panic!("{}\n\n{how} {UPDATE}=1 cargo test -p {name}", list.join("\n"));
    }
}

/// Checks the golden files of a folder.
///
/// # Errors
/// With everything that is wrong.
pub fn verify<E: Facts>(
    folder: &Path,
    missing: Missing,
    examples: impl IntoIterator<Item = E>,
) -> Result<(), Problems<GoldenProblem>> {
    let of = || format!("{}", folder.display());
    let codec = Codec::<E>::new()
        .map_err(|problems| Problems { of: of(), found: vec![GoldenProblem::Shapes(problems)] })?;
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for example in examples {
        match codec.encode(&example) {
            Ok(encoded) => {
                if let Err(problem) = check_example(folder, missing, &codec, &example, &encoded) {
                    found.push(problem);
                }
                if !seen.insert(encoded.event_type.clone()) {
                    found.push(GoldenProblem::TwoExamples { event_type: encoded.event_type });
                }
            }
            Err(source) => found.push(GoldenProblem::Unwritable { source }),
        }
    }
    let without = codec.shapes().iter().filter(|shape| !seen.contains(&shape.event_type));
    found.extend(
        without.map(|shape| GoldenProblem::NoExample { event_type: shape.event_type.clone() }),
    );
    found.extend(old_versions::<E>(folder));
    found.extend(unreadable(folder, &codec));
    Problems::none_in(of(), found)
}

/// Compares how an example is recorded with the file that says how it always was.
fn check_example<E: Facts>(
    folder: &Path,
    missing: Missing,
    codec: &Codec<E>,
    example: &E,
    encoded: &Encoded,
) -> Result<(), GoldenProblem> {
    let path = file::path(folder, encoded.event_type.as_str(), encoded.schema_version);
    if !path.exists() {
        return match missing {
            Missing::Told => Err(GoldenProblem::Missing { path }),
            Missing::Written => file::write_new(&path, encoded),
        };
    }
    let golden = file::read(&path)?;
    let (expected, actual) = (file::pretty(&golden.payload)?, file::pretty(&encoded.payload)?);
    if expected != actual {
        return Err(GoldenProblem::Changed { path, expected, actual });
    }
    let read = codec.decode(&golden.event_type, golden.schema_version, &golden.payload);
    match read {
        Ok(read) if read == *example => Ok(()),
        Ok(read) => Err(GoldenProblem::ReadOtherwise {
            path,
            expected: format!("{example:#?}"),
            actual: format!("{read:#?}"),
        }),
        Err(source) => Err(GoldenProblem::Unreadable { path, source }),
    }
}

/// The versions that are lifted and so were recorded once, but have no file that shows how.
fn old_versions<E: Facts>(folder: &Path) -> Vec<GoldenProblem> {
    let lifted = E::upcasts().lifted().collect::<Vec<_>>().into_iter();
    let paths = lifted.map(|(event, version)| {
        file::path(folder, &format!("{}.{event}", E::KIND), SchemaVersion::new(version))
    });
    let gone = paths.filter(|path| !path.exists());
    gone.map(|path| GoldenProblem::OldMissing { path }).collect()
}

/// The files of these facts that can no longer be read.
fn unreadable<E: Facts>(folder: &Path, codec: &Codec<E>) -> Vec<GoldenProblem> {
    let files = match file::of_kind(folder, E::KIND) {
        Ok(files) => files,
        Err(problem) => return vec![problem],
    };
    let read = |path: std::path::PathBuf| {
        let golden = file::read(&path)?;
        codec
            .decode(&golden.event_type, golden.schema_version, &golden.payload)
            .map_err(|source| GoldenProblem::Unreadable { path, source })
    };
    files.into_iter().filter_map(|path| read(path).err()).collect()
}

#[cfg(test)]
mod tests;
