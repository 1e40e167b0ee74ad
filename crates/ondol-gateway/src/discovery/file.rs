//! Instances from a file that others write.

use std::path::Path;

use serde::Deserialize;

use super::Instance;
use crate::backend::At;
use crate::config::EndpointOptions;

/// Bytes of the file.
const BYTES_MAX: u64 = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    endpoints: Vec<EndpointOptions>,
}

/// Why a file says nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum FileError {
    #[error("it cannot be read")]
    Io(#[from] std::io::Error),
    #[error("it is larger than {BYTES_MAX} bytes")]
    TooLarge,
    #[error("it is not a list of endpoints")]
    Toml(#[from] toml::de::Error),
    #[error("`{0}` is not the address of an instance")]
    Address(String),
}

/// Reads it.
pub(super) fn read(file: &Path) -> Result<Vec<Instance>, FileError> {
    if std::fs::metadata(file)?.len() > BYTES_MAX {
        return Err(FileError::TooLarge);
    }
    let written: Written = toml::from_str(&std::fs::read_to_string(file)?)?;
    for endpoint in &written.endpoints {
        if endpoint.at.parse::<At>().is_err() {
            return Err(FileError::Address(endpoint.at.clone()));
        }
    }
    Ok(written.endpoints.into_iter().map(Instance::from).collect())
}
