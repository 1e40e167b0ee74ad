//! Whom and what the bank speaks of, by id.

use ondol_kernel::Id;

/// What an account is known by.
pub type AccountNumber = String;

/// A customer, by id.
pub type CustomerId = Id<Customer>;

/// A transfer from one account to another, by id.
pub type TransferId = Id<Transfer>;

/// A person or a company that the bank keeps an account for.
#[derive(Debug)]
pub enum Customer {}

/// Money on its way from one account to another.
#[derive(Debug)]
pub enum Transfer {}
