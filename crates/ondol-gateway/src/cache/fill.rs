//! Someone who asks for what is to be stored.

use std::time::Duration;

use super::shelf::Shelf;

/// Asking, until it is dropped.
#[derive(Debug)]
pub(crate) struct Fill<'a> {
    pub(super) shelf: &'a Shelf,
    pub(super) number: u64,
    /// Since when.
    pub(super) began: Duration,
}

impl Drop for Fill<'_> {
    fn drop(&mut self) {
        self.shelf.end(self.number);
    }
}
