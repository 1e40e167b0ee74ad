//! The table of a backend: its instances, how they are found, reached and guarded.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use ondol_resilience::{BalancerOptions, BreakerOptions, BulkheadOptions, RetryOptions};
use serde::{Deserialize, Serialize};

use super::endpoint::EndpointOptions;
use super::model::CertificateOptions;

/// A service behind the gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackendOptions {
    /// Its instances: `http://host:port`, `https://host:port`, or `service:name` for a service of the
    /// process that the gateway runs in.
    pub endpoints: Vec<EndpointOptions>,
    /// Where more of them are learnt while the gateway runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discover: Option<DiscoverOptions>,
    /// Asks each of them now and then whether it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthOptions>,
    /// Speaks HTTP/2 to them, without asking.
    pub http2: bool,
    /// Authorities, PEM, that sign its certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorities: Option<PathBuf>,
    /// The gateway's own certificate towards it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<CertificateOptions>,
    /// How long making a connection may take. 2 seconds, if not given.
    #[serde(skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub connect_wait: Option<Duration>,
    /// Requests under way at each instance. 1024, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_max: Option<usize>,
    /// Idle connections to each instance on each worker. 64, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_max: Option<usize>,
    /// How long a connection may be idle. 30 seconds, if not given.
    #[serde(skip_serializing_if = "Option::is_none", with = "human::optional")]
    pub idle_wait: Option<Duration>,
    /// What the same instance is chosen by, with the strategy `hash`. The client's address, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_by: Option<HashBy>,
    /// How one of several instances is chosen, and when one is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balancer: Option<BalancerOptions>,
    /// When to leave it alone, and how to come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerOptions>,
    /// How many requests at once, and how many may wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulkhead: Option<BulkheadOptions>,
    /// Whether and how to try again. Not at all, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryOptions>,
}

impl BackendOptions {
    /// Whether its instances are reached in the same way, so that connections may live on.
    pub(crate) fn reaches_as(&self, other: &Self) -> bool {
        let reach = |one: &Self| Self {
            endpoints: Vec::new(),
            discover: None,
            health: None,
            hash_by: None,
            balancer: None,
            breaker: None,
            bulkhead: None,
            retry: None,
            ..one.clone()
        };
        reach(self) == reach(other)
    }
}

/// What the same instance is chosen by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashBy {
    /// The client's address.
    Address,
    /// The path.
    Path,
    /// The value of this header; the address, where it is missing.
    Header(String),
    /// The value of this cookie; the address, where it is missing.
    Cookie(String),
    /// A cookie of this name that the gateway gives to clients without one (affinity).
    Session(String),
}

/// Where instances are learnt while the gateway runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscoverOptions {
    /// From a file that others write.
    File(FileSource),
    /// From the domain name system.
    Dns(DnsSource),
    /// From the instances themselves, over the admin port.
    Registration(RegistrationSource),
}

/// A TOML file with `endpoints = […]`, as a backend has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSource {
    /// The file.
    pub path: PathBuf,
    /// How often it is looked at.
    #[serde(default = "second", with = "human::required")]
    pub every: Duration,
}

/// Which records are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    /// Addresses (IPv4), with the port from the options.
    #[default]
    A,
    /// Addresses (IPv6), with the port from the options.
    Aaaa,
    /// Hosts with ports and weights; only those of the best priority are taken.
    Srv,
}

/// A name whose addresses are the instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnsSource {
    /// The name, such as `bank.internal` or `_http._tcp.bank.internal`.
    pub name: String,
    /// Which records.
    #[serde(default)]
    pub records: Records,
    /// The port of addresses. 80 or 443, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Speaks TLS to them.
    #[serde(default)]
    pub secure: bool,
    /// The server to ask. The first of `/etc/resolv.conf`, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<SocketAddr>,
    /// How often it is asked at most; the records' own time to live may make it less often.
    #[serde(default = "five_seconds", with = "human::required")]
    pub every: Duration,
}

/// Instances that register themselves and say again and again that they are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistrationSource {
    /// Where instances may be, as addresses or `address/bits`.
    pub networks: Vec<String>,
    /// The longest lease that is given.
    #[serde(with = "human::required")]
    pub lease_max: Duration,
    /// Instances at a time.
    pub instances_max: usize,
    /// A file with the token that whoever registers must show. None is asked for, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
}

impl Default for RegistrationSource {
    fn default() -> Self {
        Self {
            networks: vec!["127.0.0.0/8".to_owned(), "::1".to_owned()],
            lease_max: Duration::from_secs(60),
            instances_max: 256,
            token_file: None,
        }
    }
}

/// Asks instances whether they are well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthOptions {
    /// What is asked for.
    pub path: String,
    /// The Host that is named. The instance's own, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Statuses that mean well. 200 to 299, if not given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<u16>,
    /// How often.
    #[serde(with = "human::required")]
    pub every: Duration,
    /// How long an answer may take.
    #[serde(with = "human::required")]
    pub timeout: Duration,
    /// Failures in a row after which it is ill.
    pub ill_after: u32,
    /// Successes in a row after which it is well again.
    pub well_after: u32,
}

impl Default for HealthOptions {
    fn default() -> Self {
        Self {
            path: "/livez".to_owned(),
            host: None,
            expect: Vec::new(),
            every: five_seconds(),
            timeout: second(),
            ill_after: 3,
            well_after: 2,
        }
    }
}

const fn second() -> Duration {
    Duration::from_secs(1)
}

const fn five_seconds() -> Duration {
    Duration::from_secs(5)
}
