//! The doors through which time and randomness come in.
//!
//! Nothing in the house reads a clock or draws a number by itself: it is handed a [`Clock`] and
//! an [`Rng`]. In production they are the machine's; in a test they are set by hand and seeded,
//! so that the same seed gives the same run.

mod clock;
mod manual;
mod random;

pub use clock::{Clock, Sleep, SystemClock};
pub use manual::ManualClock;
pub use random::{Rng, SeededRng, SystemRng};
