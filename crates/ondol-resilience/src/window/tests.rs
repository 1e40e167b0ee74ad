//! Interleavings of the rings.
