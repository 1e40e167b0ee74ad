//! Who somebody is by the certificate that he has shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use ondol_auth::{Principal, Role, Scope};

use crate::config::{CertificatesOptions, HolderOptions};
use crate::tls::Shown;

/// Certificates and their holders.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Certificates {
    exact: BTreeMap<String, Arc<Principal>>,
    /// What follows the star, and what is known of whoever is below.
    below: Vec<(String, HolderOptions)>,
}

impl Certificates {
    pub(crate) fn new(options: &CertificatesOptions) -> Self {
        let mut certificates = Self { exact: BTreeMap::new(), below: Vec::new() };
        for (name, holder) in &options.names {
            let name = name.to_ascii_lowercase();
            match name.strip_prefix('*') {
                Some(end) => certificates.below.push((end.to_owned(), holder.clone())),
                None => drop(certificates.exact.insert(name.clone(), principal(&name, holder))),
            }
        }
        // The longest says most.
        certificates.below.sort_by_key(|(end, _)| std::cmp::Reverse(end.len()));
        certificates
    }

    /// Who holds this certificate, if he is known by one of its names.
    pub(crate) fn find(&self, shown: &Shown) -> Option<Arc<Principal>> {
        let exact = shown.names.iter().find_map(|name| self.exact.get(name));
        exact.cloned().or_else(|| {
            let named = self.below.iter().find_map(|(end, holder)| {
                let one = |name: &&String| {
                    name.strip_suffix(end.as_str())
                        .is_some_and(|rest| !rest.is_empty() && !rest.contains('*'))
                };
                Some((shown.names.iter().find(one)?, holder))
            });
            named.map(|(name, holder)| principal(name, holder))
        })
    }
}

fn principal(name: &str, holder: &HolderOptions) -> Arc<Principal> {
    let owner = holder.owner.as_deref().unwrap_or(name);
    let mut principal = Principal::known(owner, name);
    principal.scopes = holder.scopes.iter().cloned().map(Scope).collect();
    principal.roles = holder.roles.iter().cloned().map(Role).collect();
    principal.tenant.clone_from(&holder.tenant);
    Arc::new(principal)
}
