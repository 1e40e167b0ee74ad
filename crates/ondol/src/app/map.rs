//! `map`, `asyncapi`: what the services have to do with each other. No log is opened.

use std::io::{self, Write};

use clap::ValueEnum;

use super::App;
use super::failure::Failure;
use crate::Map;

/// How a map is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MapFormat {
    /// A flowchart of Mermaid.
    #[default]
    Mermaid,
    /// A picture.
    Svg,
}

pub(super) fn map(app: &App, format: MapFormat) -> Result<(), Failure> {
    let map = Map::of(app)?;
    let drawn = match format {
        MapFormat::Mermaid => map.mermaid(),
        MapFormat::Svg => map.svg(),
    };
    Ok(io::stdout().lock().write_all(drawn.as_bytes())?)
}

pub(super) fn asyncapi(app: &App) -> Result<(), Failure> {
    let document = app.asyncapi()?;
    let text = serde_json::to_string_pretty(&document).map_err(io::Error::from)?;
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}
