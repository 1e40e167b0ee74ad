//! Who is believed, by the names that routes have for them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::certificates::Certificates;
use super::issuer::{Issuer, check_issuer};
use super::keys::Keys;
use super::tell::Tell;
use crate::backend::Workshop;
use crate::config::{AuthOptions, Config, OneOrMany};
use crate::snapshot::BuildError;

/// Issuers, keys and certificates.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    issuers: BTreeMap<String, Arc<Issuer>>,
    keys: BTreeMap<String, Arc<Keys>>,
    certificates: BTreeMap<String, Arc<Certificates>>,
}

impl Registry {
    /// Those of a configuration; what is the same as before is the very same.
    pub(crate) fn build(
        config: &Config,
        before: Option<&Self>,
        workshop: &Workshop,
    ) -> Result<Self, BuildError> {
        let mut registry = Self::default();
        for (name, options) in &config.issuers {
            let claims = claims(config, name);
            let before = before.and_then(|before| before.issuers.get(name));
            let issuer = Issuer::new(name, options, claims, before, workshop)
                .map_err(|source| BuildError::Issuer { name: name.clone(), source })?;
            registry.issuers.insert(name.clone(), issuer);
        }
        for (name, options) in &config.keys {
            let keys = Keys::read(options)
                .map_err(|source| BuildError::Keys { name: name.clone(), source })?;
            let same = before.and_then(|before| before.keys.get(name)).filter(|it| ***it == keys);
            registry.keys.insert(name.clone(), same.cloned().unwrap_or_else(|| Arc::new(keys)));
        }
        for (name, options) in &config.certificates {
            let new = Certificates::new(options);
            let same = before.and_then(|before| before.certificates.get(name));
            let same = same.filter(|it| ***it == new).cloned();
            registry.certificates.insert(name.clone(), same.unwrap_or_else(|| Arc::new(new)));
        }
        Ok(registry)
    }

    pub(crate) fn issuer(&self, name: &str) -> Option<Arc<Issuer>> {
        self.issuers.get(name).cloned()
    }

    pub(super) fn keys(&self, name: &str) -> Option<Arc<Keys>> {
        self.keys.get(name).cloned()
    }

    pub(super) fn certificates(&self, name: &str) -> Option<Arc<Certificates>> {
        self.certificates.get(name).cloned()
    }
}

/// Whether the files that say who is believed are there and can be used.
pub(crate) fn check_files(config: &Config) -> Result<(), BuildError> {
    for (name, options) in &config.keys {
        let failed = |source| BuildError::Keys { name: name.clone(), source };
        Keys::read(options).map_err(failed)?;
    }
    for (name, options) in &config.issuers {
        let failed = |source| BuildError::Issuer { name: name.clone(), source };
        check_issuer(options).map_err(failed)?;
    }
    Ok(())
}

fn auths(config: &Config) -> impl Iterator<Item = &AuthOptions> {
    config.routes.values().filter_map(|route| route.auth.as_ref())
}

/// Further claims of an issuer's tokens that routes ask for or tell.
fn claims(config: &Config, issuer: &str) -> Vec<String> {
    let asks = |auth: &&AuthOptions| {
        auth.issuer.iter().flat_map(OneOrMany::as_slice).any(|name| name == issuer)
    };
    let names = auths(config).filter(asks).flat_map(|auth| {
        auth.claims.keys().map(String::as_str).chain(Tell::claims(auth)).map(str::to_owned)
    });
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Files that say who is believed.
pub(crate) fn files(config: &Config) -> impl Iterator<Item = &PathBuf> {
    let issuers = config.issuers.values().flat_map(|issuer| {
        issuer.keys.iter().chain(issuer.introspect.iter().map(|asked| &asked.secret_file))
    });
    issuers.chain(config.keys.values().map(|keys| &keys.file))
}

/// Headers that only the gateway sets, because routes tell something in them.
pub(crate) fn told_headers(config: &Config) -> impl Iterator<Item = &str> {
    let added = config.routes.values().filter_map(|route| route.authorize.as_ref());
    let added = added.flat_map(|authorize| authorize.adds.iter().map(String::as_str));
    auths(config).flat_map(Tell::headers).chain(added)
}
