//! A corner shop of three services that tell and ask each other things.
//!
//! An **order** is placed. The **stock** hears of it and reserves the pieces. A **notice** hears of
//! that, writes the customer a letter, and asks the order to be confirmed. An order that no parcel
//! has room for ends the other way round: the notice says so, the stock hears of it and gives the
//! pieces back, the order hears of that and is cancelled. Nobody leads; everybody reacts. No
//! decision here is idempotent by itself, on purpose: were anything done twice, the books would
//! show it.

mod http;
mod notice;
mod order;
mod post;
mod stock;
mod wiring;

pub use post::PostBox;
pub use wiring::app;
