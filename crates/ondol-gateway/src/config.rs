//! The configuration as a person writes it: TOML, one table for each thing that has a name.
//!
//! What cannot be understood is refused whole, with the file, line and column of every problem, and
//! the word that was probably meant. A refused file changes nothing that is running.

mod again;
mod aggregate;
mod alike;
mod audit;
mod backend;
mod blue_green;
mod cache;
mod canary;
mod check;
mod compress;
mod control;
mod cors;
mod does;
mod endpoint;
mod from;
mod guard;
mod mirror;
mod model;
mod place;
mod rate;
mod read;
mod short;
mod transform;
mod who;

pub use again::Reading;
pub use aggregate::{AggregateOptions, PartOptions};
pub use audit::{
    AlertOptions, Alerts, AuditOptions, ConditionOptions, MaskOptions, MaskPattern,
    RouteAuditOptions, WebhookOptions, WhenFull,
};
pub use backend::{
    BackendOptions, DiscoverOptions, DnsSource, FileSource, HashBy, HealthOptions, Records,
    RegistrationSource,
};
pub use blue_green::{BlueGreenOptions, Colour};
pub use cache::CacheOptions;
pub use canary::CanaryOptions;
pub use compress::CompressOptions;
pub use control::{ControlOptions, TokenOptions};
pub use cors::CorsOptions;
pub use does::{
    FallbackOptions, FaultOptions, RedirectOptions, RespondOptions, StickyOptions, VersionOptions,
};
pub use endpoint::EndpointOptions;
pub use from::FromOptions;
pub use guard::{AcceptOptions, SecurityOptions, Unknown, ValidateOptions};
pub use mirror::{MirrorOptions, Values, Writes};
pub use model::{
    AccessLogOptions, CertificateOptions, Config, ListenerOptions, OneOrMany, RegionOptions,
    RouteOptions, Routes, TlsOptions, TrustOptions,
};
pub(crate) use place::meant;
pub use place::{Finding, Findings};
pub use rate::{ConcurrencyOptions, RateOptions, RedisOptions};
pub use short::Several;
pub use transform::{ChangesOptions, JsonChangeOptions, TransformOptions};
pub use who::{
    AboveOptions, AuthOptions, AuthorizeOptions, CertificatesOptions, ClaimWanted, HolderOptions,
    IntrospectOptions, IssuerOptions, KeyOptions, KeysOptions, OnFailure,
};
