//! The shop's pages: browse and search, a cart, buying with every step of it shown live, and the
//! story of an order with a slider through time.
//!
//! They are made on the server, in Korean and in English, and whole without a script; where there
//! is one, a search answers as it is typed and an order tells what becomes of it. The pages know
//! nothing that the shop's API does not tell whoever is signed in: they ask it over HTTP with his
//! own token, which lies sealed in a cookie of his browser and nowhere else.

mod api;
mod assets;
mod cart;
mod goods;
mod live;
mod options;
mod orders;
mod page;
mod price;
mod sealed;
mod signin;
mod site;
mod steps;
mod visit;
mod words;

pub use options::Options;
pub use sealed::KeyError;
pub use site::{OpenError, site};
