//! What is done with answers, made ready: stored ones, audit logs, alarms. All of it is carried from one
//! snapshot to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Audits, Backends, BuildError, Known, Making, Snapshot};
use crate::alert::{Alarms, Alert};
use crate::audit::{Audience, AuditLog};
use crate::backend::Workshop;
use crate::cache::Cache;
use crate::config::{Config, RouteOptions};
use crate::transform::Transform;

impl Snapshot {
    /// Whether any route stores answers.
    pub(crate) const fn has_caches(&self) -> bool {
        !self.caches.is_empty()
    }

    /// The caches of all routes.
    pub(crate) fn caches(&self) -> impl Iterator<Item = &Arc<Cache>> {
        self.caches.iter().map(|(_, cache)| cache)
    }

    /// The caches of all routes, or of one.
    pub(crate) fn caches_of(&self, route: Option<&str>) -> impl Iterator<Item = &Arc<Cache>> {
        let is_meant = move |name: &str| route.is_none_or(|route| route == name);
        self.caches.iter().filter(move |(name, _)| is_meant(name)).map(|(_, cache)| cache)
    }

    /// From now on logs are kept and alarms raised as this says.
    pub(crate) fn settle_answers(&self, workshop: &Workshop) {
        for (name, options) in &self.config.audits {
            if let Some(Err(error)) = self.audits.get(name).map(|log| log.renew(options)) {
                tracing::error!(audit = name, %error, "an audit log stays as it was");
            }
        }
        workshop.alarms.renew(self.alerts.clone());
    }

    /// What is counted of audit logs, as Prometheus reads it.
    pub(crate) fn write_audits(&self, out: &mut String) -> std::fmt::Result {
        if !self.audits.is_empty() {
            for what in ["lines", "dropped", "failures", "lost"] {
                out.push_str(&format!("# TYPE ondol_gateway_audit_{what}_total counter\n"));
            }
        }
        self.audits.values().try_for_each(|log| log.write(out))
    }

    /// What is counted of the caches, as Prometheus reads it.
    pub(crate) fn write_caches(&self, out: &mut String) -> std::fmt::Result {
        if self.has_caches() {
            out.push_str("# TYPE ondol_gateway_cache_requests_total counter\n");
            out.push_str("# TYPE ondol_gateway_cache_answers gauge\n");
            out.push_str("# TYPE ondol_gateway_cache_bytes gauge\n");
            out.push_str("# TYPE ondol_gateway_cache_evicted_total counter\n");
        }
        self.caches.iter().try_for_each(|(route, cache)| cache.write(route, out))
    }
}

/// The logs of a configuration: those that there were, and new ones.
pub(super) fn audits(
    config: &Config,
    before: Option<&Snapshot>,
    workshop: &Workshop,
) -> Result<Audits, BuildError> {
    let mut audits = BTreeMap::new();
    for (name, options) in &config.audits {
        let known = before.and_then(|before| before.audits.get(name));
        let log = match known {
            Some(log) => Arc::clone(log),
            None => {
                let audience: Arc<dyn Audience> = Arc::<Alarms>::clone(&workshop.alarms);
                let opened = AuditLog::open(name, options, audience);
                Arc::new(opened.map_err(|source| BuildError::Audit { name: name.clone(), source })?)
            }
        };
        audits.insert(name.clone(), log);
    }
    Ok(audits)
}

/// The alarms of a configuration, with what was counted by the same ones before.
pub(super) fn alerts(
    config: &Config,
    workshop: &Workshop,
    backends: &Backends,
) -> Result<Vec<Arc<Alert>>, BuildError> {
    let alerts = config.alerts.iter().map(|(name, options)| {
        let before = workshop.alarms.named(name);
        let alert = Alert::new(name, options, before.as_deref(), backends);
        let failed = |source| BuildError::Alert { name: name.clone(), source };
        alert.map(Arc::new).map_err(failed)
    });
    alerts.collect()
}

impl Making<'_> {
    /// What is stored of a route's answers. It is another route's when anything about this one has changed.
    pub(super) fn cache(
        &self,
        options: &RouteOptions,
        same: Option<Known<'_>>,
        transform: Option<&Transform>,
    ) -> Option<Arc<Cache>> {
        let options = options.cache.as_ref()?;
        let stored = same.and_then(|same| same.route.cache.clone());
        let new = || {
            let touched = transform.map(Transform::touched).unwrap_or_default();
            Arc::new(Cache::new(options, touched, Arc::clone(&self.workshop.clock)))
        };
        Some(stored.unwrap_or_else(new))
    }
}
