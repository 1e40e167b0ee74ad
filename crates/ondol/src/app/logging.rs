//! What is told while the program runs: JSON, or plain text on a terminal, on the error output.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use super::failure::Failure;
use crate::{LogFormat, Logging};

/// Begins to tell.
pub(super) fn begin(logging: &Logging) -> Result<(), Failure> {
    let wrong = |source| Failure::Process { what: "what is told while it runs", source };
    let filter = EnvFilter::try_new(&logging.level).map_err(|error| wrong(error.into()))?;
    let is_terminal = io::stderr().is_terminal();
    let told = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let is_json = match logging.format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Json => true,
        LogFormat::Text => false,
    };
    if is_json {
        return told.json().flatten_event(true).try_init().map_err(wrong);
    }
    let has_colour = is_terminal && std::env::var_os("NO_COLOR").is_none();
    told.with_ansi(has_colour).with_target(false).try_init().map_err(wrong)
}
