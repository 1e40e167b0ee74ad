//! The shop's vocabulary and decisions.
//!
//! What a shopkeeper, an auditor and a programmer have to agree on is in these files and nowhere
//! else: what is sold ([`product`]), how many there are ([`stock`]), what a buyer has picked
//! ([`cart`]), what was bought ([`order`]), and what was paid for it ([`charge`]).

pub mod cart;
pub mod charge;
mod names;
pub mod order;
pub mod product;
mod quantity;
pub mod stock;

pub use names::{
    Buyer, BuyerId, ChargeId, Goods, Order, OrderId, Payment, ProductId, ShipmentId, Trip,
};
pub use quantity::{QUANTITY_MAX, Quantity, QuantityError};
