//! What can be asked about accounts without asking each of them.

mod balance;
mod ledger;
mod statement;

pub use balance::Balance;
pub use ledger::{GENERAL, Ledger};
pub use statement::{Line, LineKind, keys_of};
