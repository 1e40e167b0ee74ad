//! Tokens that were verified, so that the same one is not verified again.
//!
//! Most requests bring a token that was seen a moment ago, so finding it must cost next to nothing: it
//! is looked for by the end of its signature, which nobody but the issuer can choose, on one short shelf.

use std::array;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Principal;

/// How many tokens have their places on one shelf.
const PLACES: usize = 8;
/// Room is made at once, so there is an end to it, whatever is configured.
const TOKENS_MAX: usize = 1_000_000;
/// How many bytes of a token say where it is; less than the signature of any algorithm.
const MARK_BYTES: usize = 16;

/// What a token said, and how many sets of keys there had been by then.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) principal: Arc<Principal>,
    pub(crate) generation: u64,
}

/// A bounded number of tokens; a new one takes the place of one on its shelf that nobody has asked for
/// since it was last looked at.
#[derive(Debug)]
pub(crate) struct KnownTokens(Box<[Mutex<Shelf>]>);

#[derive(Debug, Default)]
struct Shelf {
    places: [Option<Place>; PLACES],
    /// Which one is looked at next, when one has to go.
    hand: usize,
}

#[derive(Debug)]
struct Place {
    token: Box<str>,
    known: Known,
    /// Whether somebody has asked for it.
    asked_for: bool,
}

impl KnownTokens {
    /// Room for so many; for none, if that is none.
    pub(crate) fn new(tokens_max: u64) -> Self {
        let tokens_max = usize::try_from(tokens_max).unwrap_or(usize::MAX).min(TOKENS_MAX);
        let shelves = tokens_max.div_ceil(PLACES);
        Self((0..shelves).map(|_| Mutex::default()).collect())
    }

    /// What is known of a token.
    pub(crate) fn find(&self, token: &str) -> Option<Known> {
        let mut shelf = self.shelf(token)?.lock().unwrap_or_else(PoisonError::into_inner);
        let place = shelf.places.iter_mut().flatten().find(|place| *place.token == *token)?;
        place.asked_for = true;
        Some(place.known.clone())
    }

    /// Remembers it.
    pub(crate) fn keep(&self, token: &str, known: Known) {
        let Some(shelf) = self.shelf(token) else { return };
        let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let at = shelf.place_for(token);
        shelf.places[at] = Some(Place { token: token.into(), known, asked_for: false });
    }

    fn shelf(&self, token: &str) -> Option<&Mutex<Shelf>> {
        let bytes = token.as_bytes();
        let end = bytes.len().saturating_sub(MARK_BYTES);
        let half = |at: usize| {
            u64::from_le_bytes(array::from_fn(|byte| {
                bytes.get(end + at + byte).copied().unwrap_or(0)
            }))
        };
        // Letters leave some bits of a byte alone: the product spreads the others over the upper half.
        let mark = (half(0) ^ half(8).rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let shelves = u64::try_from(self.0.len()).unwrap_or(u64::MAX);
        let at = ((mark >> 32) * shelves) >> 32;
        self.0.get(usize::try_from(at).unwrap_or(usize::MAX))
    }
}

impl Shelf {
    /// Its own place, a free one, or that of one that goes.
    fn place_for(&mut self, token: &str) -> usize {
        let its =
            |place: &Option<Place>| place.as_ref().is_some_and(|place| *place.token == *token);
        if let Some(at) = self.places.iter().position(its) {
            return at;
        }
        if let Some(at) = self.places.iter().position(Option::is_none) {
            return at;
        }
        loop {
            let at = self.hand;
            self.hand = (at + 1) % PLACES;
            match &mut self.places[at] {
                Some(place) if place.asked_for => place.asked_for = false,
                _ => return at,
            }
        }
    }
}

#[cfg(test)]
mod tests;
