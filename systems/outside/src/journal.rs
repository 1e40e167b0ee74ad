//! What outlives a provider's process: a file of lines, one an effect, written anew when it has
//! grown long. A line that broke off at the end is a request that was never answered.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::keys::Kept;
use crate::records::Record;

/// One effect: what was answered under which key, and what stands in the books from then on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<Kept>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<Record>,
}

/// The file.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    pub(crate) lines: usize,
}

/// Why what a provider knew cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file cannot be used.
    #[error("the journal {} cannot be used", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line in its middle is not one of ours.
    #[error("line {line} of the journal {} cannot be read", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1 on.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl Journal {
    /// Opens the file, or begins one, and reads what it says.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Line>), JournalError> {
        let failed = |source| JournalError::File { path: path.to_owned(), source };
        let text = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        // Only what ends with its line's end was written whole.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut lines = Vec::new();
        for (at, line) in text[..whole].split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let unreadable =
                |source| JournalError::Line { path: path.to_owned(), line: at + 1, source };
            lines.push(serde_json::from_slice(line).map_err(unreadable)?);
        }
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or(u64::MAX)).map_err(failed)?;
        }
        Ok((Self { path: path.to_owned(), file, lines: lines.len() }, lines))
    }

    /// Adds a line. It is handed to the system in one piece and not synced.
    pub(crate) fn add(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.lines += 1;
        Ok(())
    }

    /// Writes the file anew, with these lines only.
    pub(crate) fn rewrite(&mut self, lines: impl Iterator<Item = Line>) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let mut file = io::BufWriter::new(File::create(&beside)?);
        let mut count = 0;
        for line in lines {
            serde_json::to_writer(&mut file, &line)?;
            file.write_all(b"\n")?;
            count += 1;
        }
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()?;
        fs::rename(&beside, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        self.lines = count;
        Ok(())
    }
}
