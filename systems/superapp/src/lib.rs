//! All systems as one program: identity, the shop and the bank, with the outside world beside them,
//! the pages, and a gateway in front. No server is needed next to it; all that it keeps is in one
//! folder.
//!
//! `up` runs everything; `serve shop.order` runs one service alone, as everywhere, and then there is
//! no demo, no outside world and no gateway.

mod beside;
mod demo;
mod docs;
mod gateway;
mod options;
mod versions;
mod wiring;
mod world;

pub use options::{Demo, Front, Goods, OptionsError, Outside};
pub use wiring::app;
