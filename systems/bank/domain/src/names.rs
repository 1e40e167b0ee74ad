//! Whom and what the bank speaks of, by id.

use ondol_kernel::Id;

/// What an account is known by.
pub type AccountNumber = String;

/// A customer, by id.
pub type CustomerId = Id<Customer>;

/// A transfer from one account to another, by id.
pub type TransferId = Id<Transfer>;

/// A payment by card, by id.
pub type PaymentId = Id<Payment>;

/// A card, by id.
pub type CardId = Id<CardName>;

/// A loan, by id.
pub type LoanId = Id<LoanName>;

/// A person or a company that the bank keeps an account for.
#[derive(Debug)]
pub enum Customer {}

/// Money on its way from one account to another.
#[derive(Debug)]
pub enum Transfer {}

/// Money on its way from a card's account to a merchant.
#[derive(Debug)]
pub enum Payment {}

/// What a card is known by inside the bank.
#[derive(Debug)]
pub enum CardName {}

/// What a loan is known by.
#[derive(Debug)]
pub enum LoanName {}
