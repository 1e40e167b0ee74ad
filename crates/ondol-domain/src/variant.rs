//! A value's name apart from its content.
//!
//! serde writes `Event::Deposited { amount }` as `{"Deposited":{"amount":…}}`. A log wants the
//! name as the event's type and only the content as its data. These three take the one from the
//! other while writing and reading, with no tree of values in between: numbers keep every digit,
//! and the path of a hundred thousand commands a second stays short.

mod list;
mod read;
mod write;

pub use list::names;
pub(crate) use read::{read, read_value};
pub(crate) use write::write;

#[cfg(test)]
mod tests;
