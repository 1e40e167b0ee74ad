//! Whom and what the shop speaks of, by id.

use ondol_kernel::Id;

/// A buyer, by id.
pub type BuyerId = Id<Buyer>;

/// A product, by id.
pub type ProductId = Id<Goods>;

/// An order, by id.
pub type OrderId = Id<Order>;

/// A charge on a buyer's means of payment, by id.
pub type ChargeId = Id<Payment>;

/// A shipment, by id.
pub type ShipmentId = Id<Trip>;

/// A person who buys.
#[derive(Debug)]
pub enum Buyer {}

/// Something that is sold.
#[derive(Debug)]
pub enum Goods {}

/// Something that was bought.
#[derive(Debug)]
pub enum Order {}

/// Money that is taken for an order.
#[derive(Debug)]
pub enum Payment {}

/// Goods on their way to a buyer.
#[derive(Debug)]
pub enum Trip {}
