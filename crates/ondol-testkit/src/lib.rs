//! Stories, golden files, real servers, a real browser and short tortures for tests.

#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "collector")]
pub mod collector;
pub mod current;
pub mod golden;
pub mod servers;
mod side_by_side;
mod story;
mod torture;

pub use story::{Story, Told};
pub use torture::short_torture;
