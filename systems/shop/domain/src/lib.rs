//! The shop's vocabulary and decisions.
//!
//! What a shopkeeper, an auditor and a programmer have to agree on is in these files and nowhere
//! else: what is sold ([`product`]), how many there are ([`stock`]), what a buyer has picked
//! ([`cart`]), what was bought ([`order`]), what was paid for it ([`charge`]), how it gets there
//! ([`shipment`]), and what was sold in the end ([`sale`]). How these come together to one purchase is
//! in [`purchase`], and what the shop's services ask and tell each other in [`contract`].

pub mod cart;
pub mod charge;
pub mod contract;
mod names;
pub mod order;
mod plain;
pub mod preorder;
pub mod product;
pub mod purchase;
mod quantity;
pub mod sale;
pub mod shipment;
pub mod stock;

pub use names::{
    Buyer, BuyerId, ChargeId, Goods, Order, OrderId, Payment, ProductId, ShipmentId, Trip,
};
pub use plain::{Means, PLAIN_BYTES_MAX, Plain, PlainError, Point};
pub use quantity::{QUANTITY_MAX, Quantity, QuantityError};
