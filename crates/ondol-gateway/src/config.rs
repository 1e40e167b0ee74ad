//! The configuration as a person writes it: TOML, one table for each thing that has a name.
//!
//! What cannot be understood is refused whole, with the file, line and column of every problem, and
//! the word that was probably meant. A refused file changes nothing that is running.

mod again;
mod aggregate;
mod alike;
mod backend;
mod cache;
mod check;
mod cors;
mod endpoint;
mod from;
mod model;
mod place;
mod read;

pub use again::Reading;
pub use aggregate::{AggregateOptions, PartOptions};
pub use backend::{
    BackendOptions, DiscoverOptions, DnsSource, FileSource, HashBy, HealthOptions, Records,
    RegistrationSource,
};
pub use cache::CacheOptions;
pub use cors::CorsOptions;
pub use endpoint::EndpointOptions;
pub use from::FromOptions;
pub use model::{
    AccessLogOptions, CertificateOptions, Config, FallbackOptions, FaultOptions, ListenerOptions,
    OneOrMany, RedirectOptions, RegionOptions, RespondOptions, RouteOptions, Routes, StickyOptions,
    TlsOptions, TrustOptions, VersionOptions,
};
pub(crate) use place::meant;
pub use place::{Finding, Findings};
