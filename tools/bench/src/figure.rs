//! A figure as it is written for machines: one JSON object a line.

use std::io;

use serde::{Deserialize, Serialize};

/// One measured figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The bench program.
    pub bench: String,
    /// The case; a second figure of a case adds its own name: `append p99`.
    pub case: String,
    /// The median of the runs.
    pub value: f64,
    /// What `value` counts, such as `events/s`.
    pub unit: String,
    /// The median of the runs' ratios to the case named by `against`.
    pub ratio: Option<f64>,
    /// The case this one is compared with.
    pub against: Option<String>,
    /// Set when measured by `--quick`: it shows that the program works and nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quick: bool,
}

/// Why a file of figures could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// A line is not a figure.
    #[error("line {line} is not a figure")]
    Malformed {
        /// Counted from one.
        line: usize,
        /// What the parser found.
        #[source]
        source: serde_json::Error,
    },
}

impl Figure {
    /// Writes the figure as one line.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write(&self, mut to: impl io::Write) -> io::Result<()> {
        let line = serde_json::to_string(self)?;
        writeln!(to, "{line}")
    }

    /// Reads what [`Figure::write`] wrote, line by line; empty lines are passed over.
    ///
    /// # Errors
    /// When a line is not a figure.
    pub fn read_all(text: &str) -> Result<Vec<Self>, FigureError> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines
            .map(|(index, line)| {
                serde_json::from_str(line)
                    .map_err(|source| FigureError::Malformed { line: index + 1, source })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
