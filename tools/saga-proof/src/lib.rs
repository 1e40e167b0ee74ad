//! The proof of sagas. As a library: a [`Town`] of a program's processes that are killed while
//! they work, and what is checked of its [`Ledger`]s from outside, with nothing but HTTP and the
//! logs. The short runs are part of the suites of those programs; `bank-torture` runs longer.

mod ledger;
mod siege;
mod town;

pub use ledger::{Entry, Ledger, LedgerError};
pub use siege::{Plan, Report, besiege};
pub use town::{Answer, House, Town};
