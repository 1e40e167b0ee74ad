//! Who is let in: tokens, keys and certificates, over real sockets.

mod amounts;
mod authorizers;
mod findings;
pub(crate) mod house;
mod identity;
mod issuers;
mod keys;
mod proofs;
mod table;
