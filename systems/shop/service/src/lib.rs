//! The shop as a system of five services: what is sold, how many there are, what is bought, how it is
//! paid, how it gets there.
//!
//! The decisions are `shop-domain`'s; here they meet HTTP, the outside world and each other. Each
//! service keeps its own log and views, and knows of the others what they publish: prices are
//! looked up in the order service's own view of the catalog, and popular products in the catalog's
//! view of what was sold. A purchase is a saga of the order service.

mod access;
mod catalog;
mod options;
mod orders;
mod payment;
mod provider;
mod rates;
mod remote;
mod shipping;
mod stock;
mod wiring;

pub use catalog::{Card, Popular};
pub use options::{
    AccessOptions, BreakerTimes, CatalogOptions, OptionsError, OrderOptions, PaymentOptions,
    ShippingOptions, StockOptions,
};
pub use orders::{Day, Offer, OrderRow};
pub use payment::Waiting;
pub use rates::{RateTable, RatesError};
pub use wiring::{app, services};
