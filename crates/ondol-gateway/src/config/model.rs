//! The tables and keys of a configuration file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use ondol_telemetry::{OtlpOptions, TraceOptions};
use serde::{Deserialize, Serialize};

use super::aggregate::AggregateOptions;
use super::audit::{Alerts, AuditOptions, RouteAuditOptions};
use super::backend::BackendOptions;
use super::blue_green::BlueGreenOptions;
use super::cache::CacheOptions;
use super::canary::CanaryOptions;
use super::compress::CompressOptions;
use super::control::ControlOptions;
use super::cors::CorsOptions;
use super::does::{
    FallbackOptions, FaultOptions, RedirectOptions, RespondOptions, StickyOptions, VersionOptions,
};
use super::from::FromOptions;
use super::guard::{AcceptOptions, SecurityOptions, ValidateOptions};
use super::mirror::MirrorOptions;
use super::rate::{ConcurrencyOptions, RateOptions, RedisOptions};
use super::short::Several;
use super::transform::TransformOptions;
use super::who::{AuthOptions, AuthorizeOptions, CertificatesOptions, IssuerOptions, KeysOptions};
use crate::limits::Limits;

/// A whole file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen for plain HTTP.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listen: Vec<SocketAddr>,
    /// Where metrics, health and registration are served. Nowhere, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<SocketAddr>,
    /// Who may look at it and change it over the admin port. Nobody, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlOptions>,
    /// Threads that serve; as many as there are cores, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
    /// How long running requests get when the gateway stops. 30 seconds, if not given.
    #[serde(skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub drain: Option<Duration>,
    /// What clients may ask.
    pub limits: Limits,
    /// Whom to believe, and what to strip.
    pub trust: TrustOptions,
    /// A line for each request.
    pub access_log: AccessLogOptions,
    /// Which traces are told of, if there is a collector. Read once, as the program begins.
    #[serde(skip_serializing_if = "is_usual")]
    pub traces: TraceOptions,
    /// Where a collector of traces, lines and numbers is. Read once, as the program begins.
    #[serde(skip_serializing_if = "is_usual")]
    pub otlp: OtlpOptions,
    /// Places to listen that need more than an address.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub listeners: BTreeMap<String, ListenerOptions>,
    /// Where clients come from, by their addresses.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<String, RegionOptions>,
    /// Where requests and answers are written down.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub audits: BTreeMap<String, AuditOptions>,
    /// What raises an alarm.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alerts: Alerts,
    /// Issuers whose tokens are believed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub issuers: BTreeMap<String, IssuerOptions>,
    /// Keys that are believed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, KeysOptions>,
    /// Certificates that are believed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub certificates: BTreeMap<String, CertificatesOptions>,
    /// Limits that several routes share, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rates: BTreeMap<String, RateOptions>,
    /// Where gateways share limits.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub redis: BTreeMap<String, RedisOptions>,
    /// The services behind the gateway.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub backends: BTreeMap<String, BackendOptions>,
    /// Which requests go where.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", with = "shared")]
    pub routes: Routes,
}

/// Routes by their names: there are many, and a configuration shares those that it has in common with
/// the one before.
pub type Routes = BTreeMap<String, Arc<RouteOptions>>;

mod shared {
    //! Routes, which are written as if nobody shared them.

    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{RouteOptions, Routes};

    pub(super) fn serialize<S: Serializer>(routes: &Routes, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(routes.iter().map(|(name, route)| (name, &**route)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Routes, D::Error> {
        let routes = BTreeMap::<String, RouteOptions>::deserialize(from)?;
        Ok(routes.into_iter().map(|(name, route)| (name, Arc::new(route))).collect())
    }
}

/// Whom to believe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustOptions {
    /// Proxies in front of the gateway, as addresses or `address/bits`: what they say about where a
    /// request came from is kept.
    pub proxies: Vec<String>,
    /// Headers that only the gateway may set; `x-internal-*` means all that begin so.
    pub strip: Vec<String>,
}

impl Default for TrustOptions {
    fn default() -> Self {
        let strip = ["x-user-id", "x-user-*", "x-tenant", "x-tenant-*", "x-internal-*", "x-auth-*"];
        let more = [
            "x-forwarded-user",
            "x-forwarded-email",
            "x-forwarded-groups",
            "x-roles",
            "x-ondol-mirror",
        ];
        let strip = strip.into_iter().chain(more).map(str::to_owned).collect();
        Self { proxies: Vec::new(), strip }
    }
}

/// A region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegionOptions {
    /// Its clients' networks, as addresses or `address/bits`. The narrowest one decides.
    pub networks: Vec<String>,
}

/// The access log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessLogOptions {
    /// `-` for the standard output, or a file. No log, if not given.
    pub to: Option<String>,
}

/// A place to listen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerOptions {
    /// Where.
    pub address: SocketAddr,
    /// Speaks TLS, with these certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsOptions>,
    /// Peers that must begin with a PROXY header, and are believed: addresses or `address/bits`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proxy_protocol_from: Vec<String>,
}

/// Certificates of a listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsOptions {
    /// Certificate chains and their keys, PEM. The client's server name chooses among them.
    pub certificates: Vec<CertificateOptions>,
    /// Authorities, PEM, one of which must have signed the client's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_authorities: Option<PathBuf>,
    /// Lets clients in that show no certificate: routes may ask for one (`certificate`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_certificate_optional: bool,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateOptions {
    /// The chain, the server's own certificate first.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// One or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// All of them.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// Which requests, and what becomes of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouteOptions {
    /// Hosts: `api.example.com`, or `*.example.com` for all below it. Every host, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<OneOrMany>,
    /// `/exact`, `/below/*`, `/with/{parameter}`, or `~regular expression`. Every path, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Methods. Every method, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<OneOrMany>,
    /// Headers and their values; `*` for any value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Query parameters and their values; `*` for any value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// Cookies and their values; `*` for any value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cookies: BTreeMap<String, String>,
    /// The region the client comes from. Every region, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The name of a host or a URI in the certificate that the client has shown; `*` for any certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Goes before routes with a lower one, whatever they match. 0, if not given.
    #[serde(skip_serializing_if = "is_zero")]
    pub priority: i32,

    /// The backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Backends and their shares.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub split: BTreeMap<String, u32>,

    /// What keeps a client on its side of a split, or of a canary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticky: Option<StickyOptions>,
    /// A new build that gets more and more while it does as well as the old one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryOptions>,
    /// Two backends of which one serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blue_green: Option<BlueGreenOptions>,
    /// Copies its requests to another backend, and compares the answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror: Option<MirrorOptions>,
    /// Sends the client elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<RedirectOptions>,
    /// Answers without asking anyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respond: Option<RespondOptions>,

    /// Puts one JSON answer together from several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<AggregateOptions>,

    /// Takes this off the path's beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strip_prefix: Option<String>,
    /// The path to ask the backend for; `{parameter}` and `{rest}` (what `*` stood for) are filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<String>,
    /// The Host the backend sees. The client's, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite_host: Option<String>,
    /// Tells the backend the certificate that the client has shown, as `Client-Cert` (RFC 9440).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forward_certificate: bool,
    /// How long until the answer begins. 30 seconds, if not given.
    #[serde(skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub timeout: Option<Duration>,
    /// How long between two pieces of an answer (1 minute, if not given), or of silence in a
    /// WebSocket (1 hour).
    #[serde(skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub idle: Option<Duration>,
    /// Bytes of a request's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_bytes_max: Option<u64>,
    /// Protocols a client may change to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<Vec<String>>,
    /// Pages of other sites that may call it. Without it, what its backend says about them stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors: Option<CorsOptions>,
    /// Another backend for what the first one has not (yet).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<FallbackOptions>,
    /// Breaks some of the requests on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultOptions>,
    /// Which version of an interface this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionOptions>,

    /// Writes requests and answers down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<RouteAuditOptions>,
    /// Changes requests and answers on their way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<TransformOptions>,
    /// Compresses answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compress: Option<CompressOptions>,
    /// Gives answers again while they are fresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheOptions>,

    /// From where it may be called. From everywhere, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<FromOptions>,

    /// Who may call it. Everybody, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthOptions>,
    /// A service of the house that is asked whether a request may go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorize: Option<AuthorizeOptions>,
    /// How often it may be called: `"100 / minute per user"`, or several of these.
    #[serde(skip_serializing_if = "Several::is_empty")]
    pub rate: Several<RateOptions>,
    /// How often at once it may be called: `"5 per user"`, or several of these.
    #[serde(skip_serializing_if = "Several::is_empty")]
    pub concurrency: Several<ConcurrencyOptions>,
    /// What a request may look like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept: Option<AcceptOptions>,
    /// The description of the interface that requests are held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate: Option<ValidateOptions>,
    /// What answers say to browsers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<SecurityOptions>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_zero(number: &i32) -> bool {
    *number == 0
}

/// Whether nothing was said about it.
fn is_usual<T: Default + PartialEq>(options: &T) -> bool {
    *options == T::default()
}
