//! Who changed what, when and why: a line of JSON each, in a file that only grows.
//!
//! A change is written down before it is done, and again when it is; a try that was refused, once.
//! Refusals are bounded, so that nobody fills the disk by knocking.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ondol_kernel::Timestamp;
use serde_json::{Value, json};

use super::ControlProblem;
use crate::config::ControlOptions;

/// Refused tries that are written down in a second.
const REFUSED_MAX: u32 = 10;
/// Bytes of its end that are shown.
const SHOWN_MAX: u64 = 64 * 1024;
/// Letters of what was asked for.
const WHAT_MAX: usize = 300;

/// The audit log.
#[derive(Debug, Default)]
pub(crate) struct Audit(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    open: Option<(PathBuf, File)>,
    second: i64,
    refused: u32,
    /// Refused tries that are in no line.
    untold: u64,
}

/// What all lines have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) at: Timestamp,
    pub(super) who: Option<&'a str>,
    pub(super) from: IpAddr,
    pub(super) what: &'a str,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Outcome<'a> {
    Asked { why: &'a str, before: &'a Value },
    Done { why: &'a str, before: &'a Value, after: &'a Value, change: &'a Value },
}

impl Audit {
    /// Writes a line, to the disk.
    pub(super) fn write(
        &self,
        options: &ControlOptions,
        entry: &Entry<'_>,
        outcome: &Outcome<'_>,
    ) -> io::Result<()> {
        let mut line = line(entry);
        match outcome {
            Outcome::Asked { why, before } => {
                line["outcome"] = json!("asked");
                line["why"] = json!(why);
                line["before"] = (*before).clone();
            }
            Outcome::Done { why, before, after, change } => {
                line["outcome"] = json!("done");
                line["why"] = json!(why);
                line["before"] = (*before).clone();
                line["after"] = (*after).clone();
                line["change"] = (*change).clone();
            }
        }
        self.book().append(options, &line)
    }

    /// Writes down what was refused, if there is not too much of it.
    pub(super) fn refused(
        &self,
        options: &ControlOptions,
        entry: &Entry<'_>,
        why: Option<&str>,
        problem: &ControlProblem,
    ) {
        let mut line = line(entry);
        line["outcome"] = json!("refused");
        line["why"] = json!(why);
        line["code"] = json!(problem.code());
        line["detail"] = json!(problem.to_string());
        let mut book = self.book();
        let second = entry.at.as_micros().div_euclid(1_000_000);
        if book.second != second {
            (book.second, book.refused) = (second, 0);
        }
        book.refused = book.refused.saturating_add(1);
        if book.refused > REFUSED_MAX {
            book.untold = book.untold.saturating_add(1);
            return;
        }
        line["untold"] = json!(std::mem::take(&mut book.untold));
        if let Err(error) = book.append(options, &line) {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("nobody panics while holding the audit log")
    }
}

fn line(entry: &Entry<'_>) -> Value {
    let what: String = entry.what.chars().take(WHAT_MAX).collect();
    json!({
        "time": entry.at.to_string(),
        "who": entry.who,
        "from": entry.from.to_string(),
        "what": what,
    })
}

impl Book {
    fn append(&mut self, options: &ControlOptions, line: &Value) -> io::Result<()> {
        let path = &options.audit;
        let known = self.open.take().filter(|(known, _)| known == path);
        let mut file = match known {
            // Somebody may have moved it away.
            Some((_, file)) if path.exists() => file,
            _ => open(path)?,
        };
        if file.metadata()?.len() >= options.audit_bytes_max {
            let mut aside = path.as_os_str().to_owned();
            aside.push(".1");
            std::fs::rename(path, aside)?;
            file = open(path)?;
        }
        // In one piece: whoever reads along sees whole lines.
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()?;
        self.open = Some((path.clone(), file));
        Ok(())
    }
}

/// The end of an audit log: whole lines, but perhaps for the first.
pub(super) fn last_lines(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(SHOWN_MAX)))?;
    let mut bytes = Vec::new();
    file.take(SHOWN_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
