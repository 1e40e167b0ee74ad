//! Stories, golden files, real servers and a real browser for tests.

#[cfg(feature = "browser")]
pub mod browser;
pub mod current;
pub mod golden;
pub mod servers;
mod side_by_side;
mod story;

pub use story::{Story, Told};
