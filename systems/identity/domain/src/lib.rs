//! Who somebody is, and what he has allowed whom: the vocabulary and the decisions.
//!
//! Secrets never come in here: what is kept of them is a hash, and it is the name under which a
//! thing is found. What is known of a person comes in sealed. Moments are seconds since 1970.

mod names;

pub mod device;
pub mod grant;
pub mod session;
pub mod ticket;
pub mod user;

pub use names::{GrantId, Method, Role, SessionId, SignIn, UserId};
