//! Up to where everything has been dealt with, whatever was quicker behind it.

use std::collections::VecDeque;

use ondol_kernel::Position;

/// The low-water mark of one feed.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// The positions of which something is not dealt with, in order, and how much.
    open: VecDeque<(Position, u32)>,
    seen: Position,
}

impl Marks {
    /// Everything up to here has been dealt with before.
    pub(super) fn from(seen: Position) -> Self {
        Self { open: VecDeque::new(), seen }
    }

    /// One more event that is to be dealt with. They come in the order of their positions.
    pub(super) fn open(&mut self, position: Position) {
        match self.open.back_mut() {
            Some((last, count)) if *last == position => *count += 1,
            _ => self.open.push_back((position, 1)),
        }
    }

    /// Nothing is to be expected up to here but what has been opened.
    pub(super) fn seen(&mut self, seen: Position) {
        self.seen = self.seen.max(seen);
    }

    /// One event of a position has been dealt with.
    pub(super) fn close(&mut self, position: Position) {
        if let Ok(at) = self.open.binary_search_by_key(&position, |(position, _)| *position) {
            self.open[at].1 = self.open[at].1.saturating_sub(1);
        }
        while self.open.front().is_some_and(|(_, count)| *count == 0) {
            self.open.pop_front();
        }
    }

    /// Up to where everything has been dealt with.
    pub(super) fn low_water(&self) -> Position {
        let before = |(position, _): &(Position, u32)| position.previous().unwrap_or_default();
        self.open.front().map_or(self.seen, before)
    }

    /// Up to where the feed has been read.
    pub(super) const fn read_up_to(&self) -> Position {
        self.seen
    }
}

#[cfg(test)]
mod tests;
