//! A configuration made ready: immutable, and replaced whole.
//!
//! A request keeps the snapshot it began with. What has state (pools, counters) is carried from one
//! snapshot to the next by its name.

mod answers;
mod error;
mod steered;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};

use crate::address::{Network, Regions};
use crate::aggregate::Aggregate;
use crate::alert::Alert;
use crate::audit::{AuditLog, RouteAudit};
use crate::backend::{Backend, BackendError, Workshop};
use crate::cache::Cache;
use crate::canonical::HeaderPolicy;
use crate::compress::Compress;
use crate::config::{
    Config, FallbackOptions, FaultOptions, RedirectOptions, RespondOptions, RouteOptions,
    StickyOptions, VersionOptions,
};
use crate::cors::Cors;
use crate::http1::Waits;
use crate::kept::Kept;
use crate::meter::{Meters, RouteMeter};
use crate::mirror::Mirroring;
use crate::policy::{Link, Links, Policies, Works};
use crate::route::{Criteria, Pattern, Table};
use crate::transform::Transform;
use crate::who::{Registry, check_files, told_headers};

use answers::{alerts, audits};
pub use error::BuildError;
pub(crate) use steered::Steered;
use steered::build_action;

/// Everything a request needs to know.
pub(crate) struct Snapshot {
    pub(crate) config: Arc<Config>,
    pub(crate) table: Table<Route>,
    pub(crate) backends: BTreeMap<String, Arc<Backend>>,
    pub(crate) headers: HeaderPolicy,
    pub(crate) proxies: Vec<Network>,
    pub(crate) regions: Regions,
    /// Who is believed.
    pub(crate) registry: Registry,
    pub(crate) links: Links,
    /// The routes in the order of their names, as the configuration has them.
    routes: Vec<Arc<Route>>,
    /// The caches of routes, with the routes' names.
    caches: Vec<(Arc<str>, Arc<Cache>)>,
    /// Logs, by their names.
    audits: Audits,
    alerts: Vec<Arc<Alert>>,
}

type Audits = BTreeMap<String, Arc<AuditLog>>;

/// What becomes of a request.
pub(crate) struct Route {
    pub(crate) name: Arc<str>,
    pub(crate) criteria: Arc<Criteria>,
    pub(crate) action: Action,
    pub(crate) strip_prefix: Option<String>,
    pub(crate) rewrite: Option<String>,
    pub(crate) host: Option<HeaderValue>,
    pub(crate) waits: Waits,
    pub(crate) body_bytes_max: u64,
    pub(crate) upgrade: Vec<String>,
    pub(crate) forward_certificate: bool,
    pub(crate) cors: Option<Cors>,
    pub(crate) fallback: Option<Fallback>,
    pub(crate) mirror: Option<Mirroring>,
    pub(crate) fault: Option<FaultOptions>,
    pub(crate) cache: Option<Arc<Cache>>,
    pub(crate) transform: Option<Transform>,
    pub(crate) compress: Option<Compress>,
    pub(crate) audit: Option<RouteAudit>,
    pub(crate) version: Option<VersionOptions>,
    /// None, if it insists on nothing.
    pub(crate) policies: Option<Box<Policies>>,
    pub(crate) meter: Arc<RouteMeter>,
}

/// What a route does.
pub(crate) enum Action {
    Forward(Split),
    Redirect(RedirectOptions),
    Respond(RespondOptions),
    Aggregate(Aggregate),
}

/// Backends and their shares.
pub(crate) struct Split {
    pub(crate) backends: Vec<(Arc<Backend>, u64)>,
    pub(crate) total: u64,
    pub(crate) sticky: Option<StickyOptions>,
    pub(crate) steered: Option<Steered>,
}

/// Where a request goes when the first backend has nothing for it.
pub(crate) struct Fallback {
    pub(crate) on: Vec<StatusCode>,
    /// Good answers, tried first.
    pub(crate) kept: Option<Arc<Kept>>,
    /// Nothing, when there are only these.
    pub(crate) to: Option<FallbackTo>,
}

/// Another backend, or an answer made here.
pub(crate) enum FallbackTo {
    Backend(Arc<Backend>),
    Respond(RespondOptions),
}

/// Whether the certificates and keys that a configuration names, its own and those of whoever is
/// believed, are there and can be used.
///
/// # Errors
/// The first that cannot, and whose it is.
pub fn check_certificates(config: &Config) -> Result<(), BuildError> {
    for (name, listener) in &config.listeners {
        let used = listener.tls.as_ref().map(crate::tls::server);
        let failed = |source| BuildError::Tls { name: name.clone(), source };
        used.transpose().map_err(failed)?;
    }
    for (name, options) in &config.redis {
        let failed = |source| BuildError::Redis { name: name.clone(), source };
        options.authorities.as_deref().map(crate::tls::trusting).transpose().map_err(failed)?;
    }
    for (name, options) in &config.backends {
        let failed =
            |source| BuildError::Backend { name: name.clone(), source: BackendError::Tls(source) };
        crate::tls::client(options).map_err(failed)?;
    }
    check_files(config)
}

impl Snapshot {
    pub(crate) fn build(
        config: Arc<Config>,
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
        let audits = audits(&config, before, workshop)?;
        let alerts = alerts(&config, workshop, &backends)?;
        let registry = Registry::build(&config, before.map(|before| &before.registry), workshop)?;
        let links = links(&config, before);
        let works = Works {
            config: &config,
            registry: &registry,
            proofs: &workshop.proofs,
            counted: &meters.policies,
            links: &links,
        };
        let making = Making {
            config: &config,
            backends: &backends,
            meters,
            audits: &audits,
            workshop,
            works,
        };
        let mut earlier = Earlier::of(before, &config);
        let mut routes = Vec::with_capacity(config.routes.len());
        for (name, options) in &config.routes {
            let route = making.route(name, options, earlier.named(name));
            routes.push(route.ok_or_else(|| BuildError::Route(name.clone()))?);
        }
        let caches = routes.iter().filter_map(|route: &Arc<Route>| {
            Some((Arc::clone(&route.name), Arc::clone(route.cache.as_ref()?)))
        });
        let caches = caches.collect();
        let table = routes.iter().map(|route| (Arc::clone(&route.criteria), Arc::clone(route)));
        let table = Table::new(table.collect(), before.map(|before| &before.table));
        let networks = config.trust.proxies.iter();
        let proxies = networks.filter_map(|network| network.parse().ok()).collect();
        let regions = Regions::of(&config.regions);
        let told = told_headers(&config).map(str::to_owned);
        let stripped: Vec<_> = config.trust.strip.iter().cloned().chain(told).collect();
        let headers = HeaderPolicy::new(&stripped);
        Ok(Self {
            table,
            backends,
            headers,
            proxies,
            regions,
            registry,
            links,
            routes,
            caches,
            audits,
            alerts,
            config,
        })
    }
}

/// Ways to where limits are shared; those that are to be the same are.
fn links(config: &Config, before: Option<&Snapshot>) -> Links {
    let links = config.redis.iter().map(|(name, options)| {
        let before = before.and_then(|before| before.links.get(name));
        let same = before.filter(|link| link.options == *options).cloned();
        (name.clone(), same.unwrap_or_else(|| Arc::new(Link::new(name, options))))
    });
    links.collect()
}

type Backends = BTreeMap<String, Arc<Backend>>;

/// The routes that there were, looked through in the order of their names.
struct Earlier<'a> {
    routes: std::iter::Peekable<Box<dyn Iterator<Item = Known<'a>> + 'a>>,
}

/// A route that there was.
#[derive(Clone, Copy)]
struct Known<'a> {
    name: &'a str,
    options: &'a Arc<RouteOptions>,
    route: &'a Arc<Route>,
}

impl<'a> Earlier<'a> {
    /// Those of another snapshot; none where routes depend on something else that has changed.
    fn of(before: Option<&'a Snapshot>, config: &Config) -> Self {
        let same = |before: &&Snapshot| {
            let before = &before.config;
            before.limits == config.limits
                && before.rates == config.rates
                && before.redis == config.redis
        };
        let routes = before.filter(same).into_iter().flat_map(|before| {
            let options = before.config.routes.iter().zip(&before.routes);
            options.map(|((name, options), route)| Known { name, options, route })
        });
        let routes: Box<dyn Iterator<Item = Known<'a>> + 'a> = Box::new(routes);
        Self { routes: routes.peekable() }
    }

    /// The one of this name. Names are asked for in their order.
    fn named(&mut self, name: &str) -> Option<Known<'a>> {
        while self.routes.next_if(|known| known.name < name).is_some() {}
        self.routes.next_if(|known| known.name == name)
    }
}

/// What routes are made of.
struct Making<'a> {
    config: &'a Config,
    backends: &'a Backends,
    meters: &'a Meters,
    audits: &'a Audits,
    workshop: &'a Workshop,
    works: Works<'a>,
}

impl Making<'_> {
    /// A route: the very one that there was, if nothing about it has changed.
    fn route(
        &self,
        name: &str,
        options: &Arc<RouteOptions>,
        before: Option<Known<'_>>,
    ) -> Option<Arc<Route>> {
        let is_same = |it: &Known<'_>| Arc::ptr_eq(it.options, options) || it.options == options;
        let same = before.filter(is_same);
        let stays = |known: &Known<'_>| {
            let policies = &known.route.policies;
            let fits = policies.as_ref().is_none_or(|it| it.fit(self.works));
            fits && known.route.leads_to_these(self.backends, self.audits)
        };
        if let Some(known) = same.filter(stays) {
            return Some(Arc::clone(known.route));
        }
        let criteria = Criteria::read(options).ok()?;
        let criteria = match before.map(|before| &before.route.criteria) {
            Some(before) if **before == criteria => Arc::clone(before),
            _ => Arc::new(criteria),
        };
        let kept = same.and_then(|same| same.route.fallback.as_ref()?.kept.clone());
        let transform = options.transform.as_ref().map(Transform::new);
        let transform = transform.map_or(Some(None), |transform| transform.map(Some))?;
        let route = Route {
            name: name.into(),
            criteria,
            action: build_action(name, options, self.backends, &self.workshop.steering)?,
            strip_prefix: options.strip_prefix.clone(),
            rewrite: options.rewrite.clone(),
            host: match &options.rewrite_host {
                Some(host) => Some(HeaderValue::from_str(host).ok()?),
                None => None,
            },
            waits: waits(options),
            body_bytes_max: options.body_bytes_max.unwrap_or(self.config.limits.body_bytes_max),
            upgrade: options.upgrade.clone().unwrap_or_else(|| vec!["websocket".to_owned()]),
            forward_certificate: options.forward_certificate,
            cors: match &options.cors {
                Some(options) => Some(Cors::new(options)?),
                None => None,
            },
            fallback: match &options.fallback {
                Some(fallback) => Some(self.fallback(fallback, kept)?),
                None => None,
            },
            mirror: match &options.mirror {
                Some(mirror) => {
                    let known = self.workshop.steering.mirror(name, mirror);
                    Some(Mirroring::new(mirror, known)?)
                }
                None => None,
            },
            fault: options.fault.clone(),
            audit: match &options.audit {
                Some(audit) => Some(RouteAudit::new(audit, self.audits.get(&audit.to)?)),
                None => None,
            },
            cache: self.cache(options, same, transform.as_ref()),
            transform,
            compress: options.compress.clone().map(Compress::new),
            version: options.version.clone(),
            policies: Policies::new(name, options, self.works).ok()?,
            meter: self.meters.route(name),
        };
        Some(Arc::new(route))
    }

    /// A fallback, with the answers that the same route has kept: another route's would be wrong.
    fn fallback(&self, options: &FallbackOptions, kept: Option<Arc<Kept>>) -> Option<Fallback> {
        let on = options.on.iter().filter_map(|on| StatusCode::from_u16(*on).ok()).collect();
        let to = match (&options.to, &options.respond) {
            (Some(to), _) => Some(FallbackTo::Backend(Arc::clone(self.backends.get(to)?))),
            (None, Some(respond)) => Some(FallbackTo::Respond(respond.clone())),
            (None, None) => None,
        };
        let new = |age_max| Arc::new(Kept::new(age_max, Arc::clone(&self.workshop.clock)));
        let kept = options.kept.map(|age_max| kept.unwrap_or_else(|| new(age_max)));
        Some(Fallback { on, kept, to })
    }
}

impl Snapshot {
    /// The route of this name, with its options.
    pub(crate) fn route(&self, name: &str) -> Option<&Arc<Route>> {
        let at = self.routes.binary_search_by(|route| (*route.name).cmp(name)).ok()?;
        self.routes.get(at)
    }

    /// All routes, in the order of their names.
    pub(crate) fn routes(&self) -> &[Arc<Route>] {
        &self.routes
    }
}

impl Route {
    /// What its path looks like.
    pub(crate) fn pattern(&self) -> &Pattern {
        &self.criteria.pattern
    }

    /// Whether all backends it leads to are still the same ones.
    fn leads_to_these(&self, backends: &Backends, audits: &Audits) -> bool {
        let known = |log: &Arc<AuditLog>| audits.values().any(|other| Arc::ptr_eq(log, other));
        let written = self.audit.as_ref().is_none_or(|audit| known(&audit.log));
        let same = |one: &Arc<Backend>| {
            backends.get(&*one.name).is_some_and(|other| Arc::ptr_eq(one, other))
        };
        let split = match &self.action {
            Action::Forward(split) => split.backends.iter().all(|(backend, _)| same(backend)),
            Action::Aggregate(aggregate) => aggregate.parts.iter().all(|part| same(&part.backend)),
            Action::Redirect(_) | Action::Respond(_) => true,
        };
        let fallback = self.fallback.as_ref().and_then(|fallback| fallback.to.as_ref());
        written
            && split
            && !matches!(fallback, Some(FallbackTo::Backend(backend)) if !same(backend))
    }
}

fn waits(options: &RouteOptions) -> Waits {
    Waits {
        answer: options.timeout.unwrap_or(Duration::from_secs(30)),
        idle: options.idle.unwrap_or(Duration::from_secs(60)),
        tunnel_idle: options.idle.unwrap_or(Duration::from_secs(3600)),
    }
}
