//! What can be asked about accounts without asking each of them.

mod balance;
mod statement;

pub use balance::Balance;
pub use statement::{Line, LineKind, keys_of};
