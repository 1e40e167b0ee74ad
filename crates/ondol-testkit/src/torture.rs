//! Tortures as tests, in their short form.

use std::hash::{BuildHasher as _, RandomState};
use std::process::Command;

/// Runs the short form of a torture, from a seed that nobody chose.
///
/// # Panics
///
/// When it broke: with all it said, and the line that does it again.
#[track_caller]
pub fn short_torture(name: &str, program: &str) {
    let seed = RandomState::new().hash_one(name).to_string();
    let run = Command::new(program).args(["--short", "--seed", &seed]).output();
    let run = run.expect("a torture was built with its test");
    assert!(
        run.status.success(),
        "{name} broke; again: cargo xtask torture {name} --short --seed {seed}\n{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
}

#[cfg(test)]
mod tests;
