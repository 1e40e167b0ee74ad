//! The shop, with the outside world beside it over real HTTP.

#[path = "shop/buying.rs"]
mod buying;
#[path = "shop/catalog.rs"]
mod catalog;
#[path = "shop/house.rs"]
mod house;
#[path = "shop/issuer.rs"]
mod issuer;
#[path = "shop/observability.rs"]
mod observability;
#[path = "shop/preorders.rs"]
mod preorders;
#[path = "shop/rights.rs"]
mod rights;
#[path = "shop/traces.rs"]
mod traces;
#[path = "shop/trouble.rs"]
mod trouble;
