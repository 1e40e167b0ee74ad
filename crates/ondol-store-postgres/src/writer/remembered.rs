//! How streams stand, as far as we remember.
//!
//! Versions are those at a position of the log. When the log is found to reach further, another
//! process has written, and what it wrote is looked up; so what is remembered here is never
//! believed against the log. Half of what is remembered is forgotten when there is no room: that
//! which was not used for longest.

use std::collections::HashMap;

use ondol_kernel::{Position, StreamId, Version};

/// How a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Its number in the table of streams.
    pub(super) id: i64,
    /// The version of its last event.
    pub(super) version: Version,
}

/// How streams stood at a position.
#[derive(Debug)]
pub(super) struct Remembered {
    /// The position.
    pub(super) upto: Position,
    recent: HashMap<StreamId, Standing>,
    older: HashMap<StreamId, Standing>,
    recent_max: usize,
}

impl Remembered {
    pub(super) fn new(streams_max: usize) -> Self {
        Self {
            upto: Position::START,
            recent: HashMap::new(),
            older: HashMap::new(),
            recent_max: streams_max.div_ceil(2),
        }
    }

    pub(super) fn get(&self, stream: &StreamId) -> Option<Standing> {
        self.recent.get(stream).or_else(|| self.older.get(stream)).copied()
    }

    pub(super) fn put(&mut self, stream: StreamId, standing: Standing) {
        if self.recent.len() >= self.recent_max && !self.recent.contains_key(&stream) {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(stream, standing);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.recent.is_empty() && self.older.is_empty()
    }

    pub(super) fn forget(&mut self) {
        self.recent.clear();
        self.older.clear();
    }
}

#[cfg(test)]
mod tests;
