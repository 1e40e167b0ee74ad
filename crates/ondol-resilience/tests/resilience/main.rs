//! The promises of the policies, each by its own name.

#![expect(clippy::panic, reason = "a helper that finds a broken promise fails its test")]

mod breaker;
mod registry;
mod rig;
