//! Stories, golden files and real servers for tests.

pub mod current;
pub mod golden;
pub mod servers;
mod side_by_side;
mod story;

pub use story::{Story, Told};
