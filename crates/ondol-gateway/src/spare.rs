//! Header maps that have been used, for the next request of this thread.
//!
//! A map is two pieces of memory that every request and every answer would ask for and give back.

use std::cell::RefCell;

use http::HeaderMap;

/// Room in a new map; more is made when needed.
const HEADERS_EXPECTED: usize = 24;
/// A map that has grown beyond this is not kept.
const HEADERS_KEPT_MAX: usize = 64;
/// Maps kept by a thread.
const MAPS_MAX: usize = 32;

thread_local! {
    static SPARE: RefCell<Vec<HeaderMap>> = const { RefCell::new(Vec::new()) };
}

/// An empty map.
pub(crate) fn take() -> HeaderMap {
    let spare = SPARE.with_borrow_mut(Vec::pop);
    spare.unwrap_or_else(|| HeaderMap::with_capacity(HEADERS_EXPECTED))
}

/// A map that is no longer needed. What was in it is let go of at once.
pub(crate) fn give(mut map: HeaderMap) {
    if map.capacity() == 0 || map.capacity() > HEADERS_KEPT_MAX {
        return;
    }
    map.clear();
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < MAPS_MAX {
            spare.push(map);
        }
    });
}
