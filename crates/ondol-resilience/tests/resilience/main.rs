//! The promises of the policies, each by its own name.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that finds a broken promise fails its test"
)]

mod adaptive;
mod allocation;
mod balancer;
mod breaker;
mod bulkhead;
mod chaos;
mod errors;
mod fallback;
mod guide;
mod hedge;
mod load_shed;
mod outlier;
mod presets;
mod rate_limit;
mod registry;
mod retry;
mod rig;
mod timeout;
