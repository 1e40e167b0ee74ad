//! Routes that may collide: they stand at the same place, for a host that they share, and their paths
//! look alike. Only these need to be held against each other, and they are few where routes are many.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::model::{RouteOptions, Routes};
use crate::route::Criteria;

/// Names of routes, by what may make them collide.
#[derive(Debug, Default)]
pub(super) struct Alike(BTreeSet<(u64, Arc<str>)>);

impl Alike {
    /// All of these, which do not collide.
    pub(super) fn among(routes: &Routes) -> Self {
        let mut alike = Self::default();
        for (name, route) in routes {
            if let Ok(criteria) = Criteria::read(route) {
                alike.insert(name, &criteria);
            }
        }
        alike
    }

    /// Adds a route. Whether it can be read and collides with none that is already there.
    pub(super) fn add(&mut self, name: &str, route: &RouteOptions, routes: &Routes) -> bool {
        let Ok(criteria) = Criteria::read(route) else { return false };
        let collides = |other: &str| {
            let other = routes.get(other).map(|other| Criteria::read(other));
            matches!(other, Some(Ok(other)) if criteria.collides(&other))
        };
        let apart = keys(&criteria).all(|key| !self.known(key).any(&collides));
        self.insert(name, &criteria);
        apart
    }

    /// Forgets a route as it was.
    pub(super) fn forget(&mut self, name: &str, route: Option<&RouteOptions>) {
        let Some(Ok(criteria)) = route.map(Criteria::read) else { return };
        for key in keys(&criteria) {
            self.0.remove(&(key, name.into()));
        }
    }

    fn known(&self, key: u64) -> impl Iterator<Item = &str> {
        let from = (key, Arc::from(""));
        self.0.range(from..).take_while(move |(other, _)| *other == key).map(|(_, name)| &**name)
    }

    fn insert(&mut self, name: &str, criteria: &Criteria) {
        let name: Arc<str> = name.into();
        for key in keys(criteria) {
            self.0.insert((key, Arc::clone(&name)));
        }
    }
}

/// Pairs of routes that collide, in the order of their names.
pub(super) fn collisions(routes: &Routes) -> Vec<(&str, &str)> {
    let mut known: BTreeMap<u64, Vec<(&str, Arc<Criteria>)>> = BTreeMap::new();
    let mut pairs = BTreeSet::new();
    for (name, route) in routes {
        let Ok(criteria) = Criteria::read(route).map(Arc::new) else { continue };
        for key in keys(&criteria) {
            let others = known.entry(key).or_default();
            let colliding = others.iter().filter(|(_, other)| criteria.collides(other));
            pairs.extend(colliding.map(|(other, _)| (*other, name.as_str())));
            others.push((name, Arc::clone(&criteria)));
        }
    }
    pairs.into_iter().collect()
}

/// What two routes have in common that collide, as numbers: one for each host.
fn keys(criteria: &Criteria) -> impl Iterator<Item = u64> {
    let mut common = DefaultHasher::new();
    criteria.place().hash(&mut common);
    criteria.pattern.shape().hash(&mut common);
    let hosts = criteria.hosts.names();
    let any = hosts.is_empty().then_some("");
    hosts.iter().map(String::as_str).chain(any).map(move |host| {
        let mut hasher = common.clone();
        host.hash(&mut hasher);
        hasher.finish()
    })
}
