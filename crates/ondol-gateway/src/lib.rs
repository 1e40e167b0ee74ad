//! The API gateway: strict about what it understands, fast at passing it on, changed while it runs.
//!
//! A library and a binary. [`Config`] is read from TOML, [`Gateway::new`] opens the sockets,
//! [`Gateway::run`] serves, and a [`GatewayHandle`] changes it meanwhile.
//!
//! HTTP/1 is spoken by the gateway's own code, because what a request *is* must not be decided by a
//! lenient parser; HTTP/2 by hyper. Both meet in one pipeline (`gateway`), which sees only canonical
//! requests.

mod access_log;
mod address;
mod admin;
mod aggregate;
mod alert;
mod audit;
mod backend;
mod body;
mod cache;
mod canonical;
mod chore;
mod compress;
mod config;
mod control;
mod cors;
mod descriptors;
mod discovery;
mod explain;
#[cfg(test)]
mod fuzz;
mod gateway;
mod guard_time;
mod handle;
mod health;
mod http1;
mod http2;
mod inflate;
mod inside;
mod json;
mod kept;
mod limits;
mod listen;
mod meter;
mod mirror;
mod patience;
mod policy;
mod pool;
mod problem;
mod purge;
mod route;
mod snapshot;
mod spare;
mod start;
mod stay;
mod steer;
mod tend;
mod tls;
mod transform;
mod who;
mod wire;

pub use alert::AlertError;
pub use audit::{VerifyLinesError, verify_lines};
pub use backend::BackendError;
pub use body::{Body, BodyError};
pub use config::{
    AboveOptions, AcceptOptions, AccessLogOptions, AggregateOptions, AlertOptions, Alerts,
    AuditOptions, AuthOptions, AuthorizeOptions, BackendOptions, BlueGreenOptions, CacheOptions,
    CanaryOptions, CertificateOptions, CertificatesOptions, ChangesOptions, ClaimWanted, Colour,
    CompressOptions, ConcurrencyOptions, ConditionOptions, Config, ControlOptions, CorsOptions,
    DiscoverOptions, DnsSource, EndpointOptions, FallbackOptions, FaultOptions, FileSource,
    Finding, Findings, FromOptions, HashBy, HealthOptions, HolderOptions, IntrospectOptions,
    IssuerOptions, JsonChangeOptions, KeyOptions, KeysOptions, ListenerOptions, MaskOptions,
    MaskPattern, MirrorOptions, OnFailure, OneOrMany, PartOptions, RateOptions, Reading, Records,
    RedirectOptions, RedisOptions, RegionOptions, RegistrationSource, RespondOptions,
    RouteAuditOptions, RouteOptions, Routes, SecurityOptions, Several, StickyOptions, TlsOptions,
    TokenOptions, TransformOptions, TrustOptions, Unknown, ValidateOptions, Values, VersionOptions,
    WebhookOptions, WhenFull, Writes,
};
pub use descriptors::raise_descriptors;
pub use explain::{ExplainError, Question, explain};
pub use inside::{ServiceError, Services};
pub use limits::Limits;
pub use ondol_auth::Revocations;
pub use purge::{PurgeError, Purged};
pub use snapshot::{BuildError, check_certificates};
pub use start::{Gateway, GatewayHandle, StartError, Surroundings};
pub use steer::{CanaryAct, SteerError};
pub use tls::TlsError;
pub use who::{IssuerError, KeysError};
