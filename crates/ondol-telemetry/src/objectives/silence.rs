//! What nobody is told of for a while: somebody knows of it and works on it, or it is meant to be so.
//!
//! A silence ends by itself, says who wanted it and why, and is kept over a restart.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ondol_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// How many silences there may be at once.
pub const SILENCES_MAX: usize = 100;
/// How long one lasts at most.
pub const SILENCE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How many characters a name or a reason has at most.
const TEXT_CHARS_MAX: usize = 200;

/// Alerts that nobody is told of for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Of which objective; of all, if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// Until when.
    pub until: Timestamp,
    /// Who wanted it.
    pub who: String,
    /// Why.
    pub why: String,
}

/// Why nobody is kept silent about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SilenceError {
    /// It says too little, or too much.
    #[error("a silence says who wants it and why, in at most {TEXT_CHARS_MAX} characters each")]
    Said,
    /// It is over, or lasts too long.
    #[error("a silence ends by itself, within seven days")]
    Until,
    /// There is no such objective.
    #[error("there is no objective {0:?}")]
    Objective(String),
    /// There are as many as there may be.
    #[error("there are {SILENCES_MAX} silences already")]
    TooMany,
    /// It cannot be kept.
    #[error("it cannot be kept over a restart")]
    Keep(#[source] io::Error),
}

/// All silences.
#[derive(Debug, Default)]
pub struct Silences {
    all: Mutex<Vec<Silence>>,
    file: Option<PathBuf>,
}

impl Silences {
    /// Those that are kept in a file.
    ///
    /// # Errors
    /// When there is one that cannot be read.
    pub fn open(file: PathBuf) -> io::Result<Self> {
        let all = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { all: Mutex::new(all), file: Some(file) })
    }

    /// From now on somebody is not told. What was said of the same objective before is replaced.
    ///
    /// # Errors
    /// When it does not say what it has to, or cannot be kept.
    pub fn add(&self, silence: Silence, now: Timestamp) -> Result<(), SilenceError> {
        let says = |text: &str| !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX;
        if !says(&silence.who) || !says(&silence.why) {
            return Err(SilenceError::Said);
        }
        let latest = now.checked_add(SILENCE_MAX);
        if silence.until <= now || latest.is_none_or(|latest| silence.until > latest) {
            return Err(SilenceError::Until);
        }
        let mut all = self.locked();
        all.retain(|other| other.until > now && other.objective != silence.objective);
        if all.len() >= SILENCES_MAX {
            return Err(SilenceError::TooMany);
        }
        tracing::info!(
            objective = silence.objective.as_deref().unwrap_or("all"),
            until = %silence.until,
            who = silence.who,
            why = silence.why,
            "nobody is told of a budget for a while"
        );
        all.push(silence);
        self.keep(&all)
    }

    /// Somebody is told again of an objective, or of all where no other silence covers them. Whether
    /// there was such a silence.
    ///
    /// # Errors
    /// When that cannot be kept.
    pub fn lift(&self, objective: Option<&str>) -> Result<bool, SilenceError> {
        let mut all = self.locked();
        let before = all.len();
        all.retain(|silence| silence.objective.as_deref() != objective);
        let has_lifted = all.len() < before;
        if has_lifted {
            tracing::info!(objective = objective.unwrap_or("all"), "somebody is told again");
            self.keep(&all)?;
        }
        Ok(has_lifted)
    }

    /// Those that last.
    pub fn lasting(&self, now: Timestamp) -> Vec<Silence> {
        self.locked().iter().filter(|silence| silence.until > now).cloned().collect()
    }

    /// Whether nobody is told of an objective.
    pub fn cover(&self, objective: &str, now: Timestamp) -> bool {
        let covers = |silence: &Silence| {
            silence.objective.as_deref().is_none_or(|covered| covered == objective)
        };
        self.locked().iter().any(|silence| silence.until > now && covers(silence))
    }

    /// Writes them down, whole or not at all.
    fn keep(&self, all: &[Silence]) -> Result<(), SilenceError> {
        let Some(file) = &self.file else { return Ok(()) };
        let write = || {
            file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            let beside = file.with_extension("new");
            let mut new = std::fs::File::create(&beside)?;
            new.write_all(&serde_json::to_vec_pretty(all)?)?;
            new.sync_all()?;
            std::fs::rename(beside, file)
        };
        write().map_err(SilenceError::Keep)
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Silence>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
