//! Events out of lines of text, each at most so long.

use std::io::{BufRead, Read};

use ondol_kernel::{CloudEvent, Envelope};

use crate::log::LogFailure;
use crate::log::failure::LineProblem;

/// The longest line: an event of the largest size, in its most wasteful form, and room besides.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// The events that lines of text hold.
pub(super) struct Lines {
    input: Box<dyn BufRead>,
    line: u64,
    text: Vec<u8>,
}

impl Lines {
    pub(super) fn of(input: Box<dyn BufRead>) -> Self {
        Self { input, line: 0, text: Vec::new() }
    }

    /// Reads one more line; whether there was one.
    fn read(&mut self) -> Result<bool, LogFailure> {
        self.line += 1;
        self.text.clear();
        let mut input = self.input.as_mut().take(LINE_BYTES_MAX + 1);
        let read = input.read_until(b'\n', &mut self.text).map_err(LogFailure::Input)?;
        if self.text.len() as u64 > LINE_BYTES_MAX {
            return Err(self.problem(LineProblem::TooLong { most: LINE_BYTES_MAX }));
        }
        Ok(read > 0)
    }

    fn event(&self) -> Result<Envelope, LogFailure> {
        let event: CloudEvent = serde_json::from_slice(&self.text)
            .map_err(|error| self.problem(LineProblem::NotJson(error)))?;
        event.into_envelope().map_err(|error| self.problem(LineProblem::NotOurs(error)))
    }

    const fn problem(&self, source: LineProblem) -> LogFailure {
        LogFailure::Line { line: self.line, source }
    }
}

impl Iterator for Lines {
    type Item = Result<Envelope, LogFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.read() {
            Ok(true) => Some(self.event()),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
