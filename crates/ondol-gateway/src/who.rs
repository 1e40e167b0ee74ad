//! Who asks, and whether he may.
//!
//! Somebody says who he is in one way: by a token of an issuer that is believed, by a key, or by the
//! certificate of his connection. Whoever says it twice and differently is refused, for what is behind
//! the gateway might believe the other one. What was found out is told to the backend in headers that a
//! client cannot set, and nothing that proves it is ever written down.
//!
//! - [`Registry`]: issuers, keys and certificates of a configuration, carried over changes by name.
//! - [`Auth`]: what a route asks of whoever calls it.
//! - [`Authorizer`]: a service of the house that is asked besides.

mod amount;
mod auth;
mod authorizer;
mod certificates;
mod demand;
mod introspect;
mod issuer;
mod keys;
mod messenger;
mod refusal;
mod registry;
mod replay;
mod shown;
mod source;
mod tell;

use std::sync::Arc;

use ondol_auth::Principal;

pub(crate) use amount::Place;
pub(crate) use auth::Auth;
pub(crate) use authorizer::Authorizer;
pub use issuer::IssuerError;
pub use keys::KeysError;
pub(crate) use messenger::Messenger;
pub(crate) use refusal::Said;
pub(crate) use registry::{Registry, check_files, files, told_headers};
pub(crate) use tell::Part;

#[cfg(test)]
pub(crate) use shown::{Accepted, Shown};
#[cfg(test)]
pub(crate) use tell::Tell;

/// Somebody who has proved who he is.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) by: By,
    pub(crate) principal: Arc<Principal>,
}

/// By what somebody has proved who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Token,
    Key,
    Certificate,
}

impl By {
    /// As the access log has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Key => "key",
            Self::Certificate => "certificate",
        }
    }
}
