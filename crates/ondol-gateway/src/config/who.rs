//! The tables that say who is believed, and what a route asks of whoever calls it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use ondol_resilience::Mode;
use serde::{Deserialize, Serialize};

use super::from::is_enforced;
use super::model::OneOrMany;

/// An issuer of access tokens (RFC 9068), and where its keys are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerOptions {
    /// Its name, as tokens have it in `iss`: compared to the letter.
    pub issuer: String,
    /// Who we are, as tokens have it in `aud`: one name or several.
    pub audience: OneOrMany,
    /// The backend that is asked for its keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// Finds out where the keys are: from `/.well-known/openid-configuration`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discover: bool,
    /// The path of the keys at the backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// Or a file with the keys, as a JSON Web Key Set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<PathBuf>,
    /// A cookie in which browsers may bring the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// How far clocks may differ: a minute, if not given, and at most.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub leeway: Option<Duration>,
    /// How long keys are used without looking for newer ones. 5 minutes, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub fresh_for: Option<Duration>,
    /// How far apart keys are fetched at least, whatever tokens name. 10 seconds, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub fetch_apart: Option<Duration>,
    /// How long fetching them may take. 5 seconds, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub fetch_within: Option<Duration>,
    /// How long keys are used while no newer ones can be had. A day, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub stale_longest: Option<Duration>,
    /// How many verified tokens are remembered. 10000, if not given; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_max: Option<u64>,
    /// Asks the issuer whether a token is still good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspect: Option<IntrospectOptions>,
}

/// Asks an issuer whether a token is still good (RFC 7662).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntrospectOptions {
    /// The path at the issuer's backend.
    pub path: String,
    /// As which client the gateway asks.
    pub client: String,
    /// A file with the client's secret.
    pub secret_file: PathBuf,
    /// How long an answer holds: so long may a token live on that was taken back. 3 seconds, if not
    /// given; at most 5.
    #[serde(default = "three_seconds", with = "human::required")]
    pub every: Duration,
    /// How long asking may take. 2 seconds, if not given.
    #[serde(default = "two_seconds", with = "human::required")]
    pub timeout: Duration,
    /// What becomes of a request when there is no answer. `refuse`, if not given.
    #[serde(default)]
    pub on_failure: OnFailure,
}

const fn three_seconds() -> Duration {
    Duration::from_secs(3)
}

const fn two_seconds() -> Duration {
    Duration::from_secs(2)
}

/// What becomes of a request when whoever has to be asked does not answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// It is refused.
    #[default]
    Refuse,
    /// It goes on.
    Pass,
}

/// Keys that are shown with requests: long random words, of which only hashes are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysOptions {
    /// A file with a table for each key; see [`KeyOptions`].
    pub file: PathBuf,
    /// The header in which it is shown. `x-api-key`, if not given.
    #[serde(default = "api_key")]
    pub header: String,
}

fn api_key() -> String {
    "x-api-key".to_owned()
}

/// A key in a file of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyOptions {
    /// `sha256:` and the hash of the key, in hexadecimal digits.
    pub hash: String,
    /// Whose it is.
    pub owner: String,
    /// What it allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What its owner may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// On whose ground it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// When it ends, such as `2027-01-01T00:00:00Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// Who somebody is by the certificate that he has shown to a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificatesOptions {
    /// Names in certificates, hosts or URIs; `*.example.com` for all below it.
    pub names: BTreeMap<String, HolderOptions>,
}

/// Who holds a certificate, and what he may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HolderOptions {
    /// What he is called. The name in the certificate, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What he is allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What he may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// On whose ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// Who may call a route, and what is told of him.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthOptions {
    /// `off`, `observe` or `enforce`, which it is if not given.
    #[serde(skip_serializing_if = "is_enforced")]
    pub mode: Mode,
    /// Issuers whose tokens are believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<OneOrMany>,
    /// The keys that are believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// The certificates that are believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Lets those in who do not say who they are; whoever says so has to prove it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// All of these have to be allowed to him.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// One of these he has to be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Claims of the token and what they have to be, or, where the claim is a list, to hold; a list
    /// here means one of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, ClaimWanted>,
    /// On whose ground the route is: a name, `{parameter}` of the path, or `{subdomain}`, which is the
    /// first label of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// One of these is how strongly he has to have proved himself (`acr`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acr: Vec<String>,
    /// One of these he has to have proved himself by (`amr`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// How long ago at most.
    #[serde(skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub max_age: Option<Duration>,
    /// The same for large amounts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<AboveOptions>,
    /// Whether his token, key or cookie goes on to the backend. Tokens do and keys do not, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_token: Option<bool>,
    /// Headers that tell the backend of him: `subject`, `client`, `tenant`, `roles`, `scopes`, `session`,
    /// `acr`, or `claim:NAME`. `x-user-id`, `x-user-client`, `x-tenant`, `x-user-roles` and
    /// `x-user-scopes`, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tell: Option<BTreeMap<String, String>>,
}

/// What a claim has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClaimWanted {
    /// This text.
    Text(String),
    /// This number.
    Number(i64),
    /// This.
    Truth(bool),
    /// One of these.
    Any(Vec<Self>),
}

/// How somebody has to have proved himself when an amount in the body is large.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboveOptions {
    /// Where the amount is in the JSON of the body: `$.amount` or `$.transfer.amount`.
    pub at: String,
    /// Larger than this is large. What cannot be read as a number is large as well.
    pub amount: f64,
    /// One of these is how strongly (`acr`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr: Vec<String>,
    /// One of these is by what (`amr`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// How long ago at most.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub max_age: Option<Duration>,
    /// Bytes of a body that is looked at; a longer one is refused. 64 KiB, if not given.
    #[serde(default = "kib64")]
    pub body_bytes_max: u64,
}

const fn kib64() -> u64 {
    64 * 1024
}

/// Asks a service of the house whether a request may go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizeOptions {
    /// `off`, `observe` or `enforce`, which it is if not given.
    #[serde(default, skip_serializing_if = "is_enforced")]
    pub mode: Mode,
    /// The backend that is asked.
    pub backend: String,
    /// `GET`, if not given.
    #[serde(default = "get")]
    pub method: String,
    /// The path it is asked for; `{path}`, `{host}`, `{method}` and parameters of the route are filled in.
    pub path: String,
    /// Headers of the request that it is shown, besides who asks and for what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Headers of its answer that are put into the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adds: Vec<String>,
    /// How long it may take. 1 second, if not given.
    #[serde(default = "one_second", with = "human::required")]
    pub timeout: Duration,
    /// What becomes of a request when there is no answer. `refuse`, if not given.
    #[serde(default)]
    pub on_failure: OnFailure,
}

fn get() -> String {
    "GET".to_owned()
}

const fn one_second() -> Duration {
    Duration::from_secs(1)
}
