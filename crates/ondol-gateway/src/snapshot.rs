//! A configuration made ready: immutable, and replaced whole.
//!
//! A request keeps the snapshot it began with. What has state (pools, counters) is carried from one
//! snapshot to the next by its name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};

use crate::address::Network;
use crate::backend::{Backend, BackendError, Workshop};
use crate::canonical::HeaderPolicy;
use crate::config::{
    Config, FaultOptions, RedirectOptions, RespondOptions, RouteOptions, StickyOptions,
    VersionOptions,
};
use crate::http1::Waits;
use crate::meter::{Meters, RouteMeter};
use crate::route::{Criteria, Pattern, Table};

/// Everything a request needs to know.
pub(crate) struct Snapshot {
    pub(crate) config: Arc<Config>,
    pub(crate) table: Table<Route>,
    pub(crate) backends: BTreeMap<String, Arc<Backend>>,
    pub(crate) headers: HeaderPolicy,
    pub(crate) proxies: Vec<Network>,
    pub(crate) regions: Vec<(Network, String)>,
}

/// What becomes of a request.
pub(crate) struct Route {
    pub(crate) name: Arc<str>,
    pub(crate) pattern: Pattern,
    pub(crate) action: Action,
    pub(crate) strip_prefix: Option<String>,
    pub(crate) rewrite: Option<String>,
    pub(crate) host: Option<HeaderValue>,
    pub(crate) waits: Waits,
    pub(crate) body_bytes_max: u64,
    pub(crate) upgrade: Vec<String>,
    pub(crate) fallback: Option<Fallback>,
    pub(crate) fault: Option<FaultOptions>,
    pub(crate) version: Option<VersionOptions>,
    pub(crate) meter: Arc<RouteMeter>,
}

/// What a route does.
pub(crate) enum Action {
    Forward(Split),
    Redirect(RedirectOptions),
    Respond(RespondOptions),
}

/// Backends and their shares.
pub(crate) struct Split {
    pub(crate) backends: Vec<(Arc<Backend>, u64)>,
    pub(crate) total: u64,
    pub(crate) sticky: Option<StickyOptions>,
}

/// Where a request goes when the first backend has nothing for it.
pub(crate) struct Fallback {
    pub(crate) on: Vec<StatusCode>,
    pub(crate) to: FallbackTo,
}

/// Another backend, or an answer made here.
pub(crate) enum FallbackTo {
    Backend(Arc<Backend>),
    Respond(RespondOptions),
}

/// Why a configuration cannot be made ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A backend cannot be made.
    #[error("backend `{name}` cannot be made")]
    Backend {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: BackendError,
    },
    /// The certificates of a listener cannot be used.
    #[error("the certificates of listener `{name}` cannot be used")]
    Tls {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: crate::tls::TlsError,
    },
    /// A route cannot be made; checking the configuration says why.
    #[error("route `{0}` cannot be made")]
    Route(String),
}

impl Snapshot {
    pub(crate) fn build(
        config: Config,
        before: Option<&Self>,
        workshop: &Workshop,
        meters: &Meters,
    ) -> Result<Self, BuildError> {
        let mut backends = BTreeMap::new();
        for (name, options) in &config.backends {
            let before = before.and_then(|before| before.backends.get(name));
            let backend = Backend::new(name, options, before, workshop)
                .map_err(|source| BuildError::Backend { name: name.clone(), source })?;
            backends.insert(name.clone(), backend);
        }
        let mut routes = Vec::with_capacity(config.routes.len());
        for (name, options) in &config.routes {
            let route = build_route(name, options, &config, &backends, meters);
            routes.push(route.ok_or_else(|| BuildError::Route(name.clone()))?);
        }
        let networks = config.trust.proxies.iter();
        let proxies = networks.filter_map(|network| network.parse().ok()).collect();
        let regions = config.regions.iter().flat_map(|(name, region)| {
            let networks = region.networks.iter().filter_map(|network| network.parse().ok());
            networks.map(|network| (network, name.clone()))
        });
        let regions = regions.collect();
        let headers = HeaderPolicy::new(&config.trust.strip);
        Ok(Self {
            table: Table::new(routes),
            backends,
            headers,
            proxies,
            regions,
            config: Arc::new(config),
        })
    }
}

type Backends = BTreeMap<String, Arc<Backend>>;

fn build_route(
    name: &str,
    options: &RouteOptions,
    config: &Config,
    backends: &Backends,
    meters: &Meters,
) -> Option<(Criteria, Arc<Route>)> {
    let criteria = Criteria::read(options).ok()?;
    let idle = options.idle;
    let route = Route {
        name: name.into(),
        pattern: criteria.pattern.clone(),
        action: build_action(options, backends)?,
        strip_prefix: options.strip_prefix.clone(),
        rewrite: options.rewrite.clone(),
        host: match &options.rewrite_host {
            Some(host) => Some(HeaderValue::from_str(host).ok()?),
            None => None,
        },
        waits: Waits {
            answer: options.timeout.unwrap_or(Duration::from_secs(30)),
            idle: idle.unwrap_or(Duration::from_secs(60)),
            tunnel_idle: idle.unwrap_or(Duration::from_secs(3600)),
        },
        body_bytes_max: options.body_bytes_max.unwrap_or(config.limits.body_bytes_max),
        upgrade: options.upgrade.clone().unwrap_or_else(|| vec!["websocket".to_owned()]),
        fallback: match &options.fallback {
            Some(options) => Some(Fallback {
                on: options.on.iter().filter_map(|on| StatusCode::from_u16(*on).ok()).collect(),
                to: match (&options.to, &options.respond) {
                    (Some(to), _) => FallbackTo::Backend(Arc::clone(backends.get(to)?)),
                    (None, Some(respond)) => FallbackTo::Respond(respond.clone()),
                    (None, None) => return None,
                },
            }),
            None => None,
        },
        fault: options.fault.clone(),
        version: options.version.clone(),
        meter: meters.route(name),
    };
    Some((criteria, Arc::new(route)))
}

fn build_action(options: &RouteOptions, backends: &Backends) -> Option<Action> {
    if let Some(redirect) = &options.redirect {
        return Some(Action::Redirect(redirect.clone()));
    }
    if let Some(respond) = &options.respond {
        return Some(Action::Respond(respond.clone()));
    }
    let shares: Vec<(&String, u64)> = match &options.to {
        Some(to) => vec![(to, 1)],
        None => options.split.iter().map(|(name, share)| (name, u64::from(*share))).collect(),
    };
    let mut split = Split { backends: Vec::new(), total: 0, sticky: options.sticky.clone() };
    for (name, share) in shares.into_iter().filter(|(_, share)| *share > 0) {
        split.total += share;
        split.backends.push((Arc::clone(backends.get(name)?), share));
    }
    (split.total > 0).then_some(Action::Forward(split))
}
