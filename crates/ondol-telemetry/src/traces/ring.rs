//! Pieces of work in so many bytes: the newest drives out the oldest.

use std::collections::VecDeque;
use std::sync::Arc;

use ondol_trace::{Ended, Piece, Value};

/// What a piece takes besides what is in it.
const PIECE_BYTES: usize = size_of::<Piece>() + 64;

/// Pieces of work, the oldest first.
#[derive(Debug)]
pub(super) struct Ring {
    pieces: VecDeque<(Arc<Piece>, usize)>,
    bytes: usize,
    bytes_max: usize,
}

impl Ring {
    pub(super) const fn within(bytes_max: usize) -> Self {
        Self { pieces: VecDeque::new(), bytes: 0, bytes_max }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps a piece, and gives back what had to go for it; itself, if it is too large for all.
    pub(super) fn push(&mut self, piece: Arc<Piece>) -> Vec<Arc<Piece>> {
        let bytes = bytes_of(&piece);
        if bytes > self.bytes_max {
            return vec![piece];
        }
        let mut driven_out = Vec::new();
        while self.bytes + bytes > self.bytes_max {
            let Some((oldest, freed)) = self.pieces.pop_front() else { break };
            self.bytes -= freed;
            driven_out.push(oldest);
        }
        self.bytes += bytes;
        self.pieces.push_back((piece, bytes));
        driven_out
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = Arc<Piece>> + '_ {
        self.pieces.iter().map(|(piece, _)| Arc::clone(piece))
    }
}

fn bytes_of(piece: &Piece) -> usize {
    let of_span = |span: &Ended| {
        let texts = span.fields.iter().map(|(_, value)| match value {
            Value::Text(text) => text.capacity(),
            _ => 0,
        });
        let told = span.told.iter().map(|told| told.message.capacity());
        size_of::<Ended>()
            + span.fields.capacity() * size_of::<(&str, Value)>()
            + span.told.capacity() * size_of::<ondol_trace::Told>()
            + span.waits.capacity() * size_of::<ondol_trace::Waited>()
            + texts.chain(told).sum::<usize>()
    };
    PIECE_BYTES + piece.spans.iter().map(of_span).sum::<usize>()
}
