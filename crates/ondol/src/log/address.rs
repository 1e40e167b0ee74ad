//! The name by which a log is found: a folder, or a database and a schema in it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The schema that holds a log when none is named.
const SCHEMA: &str = "ondol";

/// Where a log is. It may hold a password: it is printed without.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogAddress {
    /// A folder with a log.
    Disk(PathBuf),
    /// A schema of a PostgreSQL database.
    Postgres {
        /// The database.
        url: String,
        /// The schema.
        schema: String,
    },
}

/// Why a text does not say where a log is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogAddressError {
    /// It is empty.
    #[error("a log is named disk:PATH, PATH or postgres://…, found nothing")]
    Empty,
    /// No engine goes by this name.
    #[error("a log is named disk:PATH, PATH or postgres://…, found {scheme}:…")]
    UnknownEngine {
        /// What stands before the colon.
        scheme: String,
    },
    /// The file that should hold the address cannot be read.
    #[error("the address of the log cannot be read from {path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
}

impl FromStr for LogAddress {
    type Err = LogAddressError;

    fn from_str(text: &str) -> Result<Self, LogAddressError> {
        if text.is_empty() || text == "disk:" {
            return Err(LogAddressError::Empty);
        }
        if let Some(path) = text.strip_prefix("disk:") {
            return Ok(Self::Disk(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(postgres(text));
        }
        match text.split_once(':') {
            Some((scheme, _)) if is_scheme(scheme) => {
                Err(LogAddressError::UnknownEngine { scheme: scheme.to_owned() })
            }
            _ => Ok(Self::Disk(PathBuf::from(text))),
        }
    }
}

/// Whether what stands before a colon is meant as the name of an engine rather than a path.
fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
}

/// Takes the schema, which is ours, out of the address, which is the server's.
fn postgres(text: &str) -> LogAddress {
    let (base, query) = text.split_once('?').unwrap_or((text, ""));
    let mut schema = SCHEMA.to_owned();
    let mut others = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        match part.strip_prefix("schema=") {
            Some(name) => name.clone_into(&mut schema),
            None => others.push(part),
        }
    }
    let url =
        if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
    LogAddress::Postgres { url, schema }
}

/// The address that a file holds.
pub(super) fn of_file(path: &str) -> Result<LogAddress, LogAddressError> {
    let text = std::fs::read_to_string(Path::new(path)).map_err(|error| LogAddressError::File {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    text.trim().parse()
}

/// The address without what is secret in it: user, host and database.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let rest = rest.split('?').next().unwrap_or_default();
    let (login, place) = rest.rsplit_once('@').map_or(("", rest), |(login, place)| (login, place));
    let user = login.split(':').next().unwrap_or_default();
    let at = if user.is_empty() { "" } else { "@" };
    format!("{scheme}://{user}{at}{place}")
}

impl fmt::Display for LogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(path) => write!(f, "disk:{}", path.display()),
            Self::Postgres { url, schema } => {
                write!(f, "{}?schema={schema}", without_secrets(url))
            }
        }
    }
}

impl fmt::Debug for LogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
