//! Stories, golden files and real servers for tests.

pub mod golden;
mod side_by_side;
mod story;

pub use story::{Story, Told};
