//! Lines in a chain: each has the hash of itself and of the one before it.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

/// What stands before a line's hash.
const BEFORE: &str = ",\"chain\":\"";
/// Letters of a hash.
const LETTERS: usize = 64;

/// How far a chain has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head(pub(crate) String);

impl Head {
    /// Before the first line.
    pub(crate) fn first() -> Self {
        Self("0".repeat(LETTERS))
    }

    /// Ends a line, an object, with the hash of it and of all before it.
    pub(crate) fn seal(&mut self, line: &mut Vec<u8>) {
        let hash = self.after(line);
        line.pop();
        line.extend_from_slice(BEFORE.as_bytes());
        line.extend_from_slice(hash.as_bytes());
        line.extend_from_slice(b"\"}");
        self.0 = hash;
    }

    fn after(&self, line: &[u8]) -> String {
        let mut context = Context::new(&SHA256);
        context.update(b"ondol gateway audit 1\n");
        context.update(self.0.as_bytes());
        context.update(line);
        context.finish().as_ref().iter().fold(String::new(), |mut hex, byte| {
            let written = write!(hex, "{byte:02x}");
            debug_assert!(written.is_ok(), "a string takes everything");
            hex
        })
    }

    /// The hash at a line's end.
    pub(crate) fn of(line: &str) -> Option<Self> {
        let (_, hash) = split(line)?;
        Some(Self(hash.to_owned()))
    }
}

/// A line without its hash, and the hash.
fn split(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_suffix("\"}")?;
    let (line, hash) = rest.split_at_checked(rest.len().checked_sub(LETTERS)?)?;
    let hex = hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((line.strip_suffix(BEFORE).filter(|_| hex)?, hash))
}

/// Why an audit log is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyLinesError {
    /// A file cannot be read.
    #[error("{file:?} cannot be read")]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A line, or its place among the others, is not what was written.
    #[error("line {line} of {file:?} is the first that is not what was written")]
    Changed {
        /// Which file.
        file: PathBuf,
        /// Which line, from 1.
        line: u64,
    },
}

/// Follows a chain through its files, the oldest first. Where the first file begins is believed: what was
/// before it may have been let go of. How many lines there are, and the head of the chain, to be compared
/// with what is known from elsewhere: who can rewrite the files can rewrite all of them.
///
/// # Errors
/// With the first line that is wrong.
pub fn verify_lines(files: &[PathBuf]) -> Result<(u64, String), VerifyLinesError> {
    let mut head: Option<Head> = None;
    let mut lines = 0;
    for file in files {
        lines += verify_file(file, &mut head)?;
    }
    Ok((lines, head.unwrap_or_else(Head::first).0))
}

fn verify_file(file: &Path, head: &mut Option<Head>) -> Result<u64, VerifyLinesError> {
    let failed = |source| VerifyLinesError::File { file: file.to_owned(), source };
    let opened = std::fs::File::open(file).map_err(failed)?;
    let mut lines = 0;
    for line in BufReader::new(opened).lines() {
        let line = line.map_err(failed)?;
        lines += 1;
        let wrong = || VerifyLinesError::Changed { file: file.to_owned(), line: lines };
        let (text, hash) = split(&line).ok_or_else(wrong)?;
        let begins = text.starts_with("{\"n\":1,");
        let before = head.clone().or_else(|| begins.then(Head::first));
        let whole = format!("{text}}}");
        if before.is_some_and(|before| before.after(whole.as_bytes()) != hash) {
            return Err(wrong());
        }
        *head = Some(Head(hash.to_owned()));
    }
    Ok(lines)
}
