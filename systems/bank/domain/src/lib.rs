//! The bank's vocabulary and decisions.
