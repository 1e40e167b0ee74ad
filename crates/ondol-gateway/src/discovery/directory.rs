//! What is known of instances beyond the configuration, in memory and in a file.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use super::INSTANCES_MAX;
use crate::config::EndpointOptions;

/// An instance that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Instance {
    /// As a backend's `endpoints` have it.
    pub(crate) at: String,
    /// Where exactly, if that is known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<SocketAddr>,
    pub(crate) weight: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<String>,
    /// What it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
}

impl From<EndpointOptions> for Instance {
    fn from(EndpointOptions { at, weight, zone }: EndpointOptions) -> Self {
        Self { at, address: None, weight, zone, id: None }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    /// Addresses of hosts that the configuration names.
    hosts: BTreeMap<String, Vec<SocketAddr>>,
    /// Instances of backends.
    instances: BTreeMap<String, Vec<Instance>>,
}

/// All that was found.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    known: Mutex<Known>,
    file: Option<PathBuf>,
}

impl Directory {
    /// What is kept in this file. Without one, or with one that cannot be read, nothing is known.
    pub(crate) fn open(file: Option<PathBuf>) -> Self {
        let known = file.as_deref().and_then(read).unwrap_or_default();
        Self { known: Mutex::new(known), file }
    }

    /// The instances of a backend that were found.
    pub(crate) fn instances(&self, backend: &str) -> Vec<Instance> {
        self.lock().instances.get(backend).cloned().unwrap_or_default()
    }

    /// These are a backend's instances now. Whether that is news.
    pub(crate) fn learn(&self, backend: &str, mut instances: Vec<Instance>) -> bool {
        if instances.len() > INSTANCES_MAX {
            tracing::warn!(backend, found = instances.len(), "more instances than can be used");
            instances.truncate(INSTANCES_MAX);
        }
        let mut known = self.lock();
        if known.instances.get(backend) == Some(&instances) {
            return false;
        }
        known.instances.insert(backend.to_owned(), instances);
        self.keep(&known);
        true
    }

    /// Forgets backends that are no more.
    pub(crate) fn keep_backends(&self, keep: impl Fn(&str) -> bool) {
        let mut known = self.lock();
        let before = known.instances.len();
        known.instances.retain(|name, _| keep(name));
        if known.instances.len() != before {
            self.keep(&known);
        }
    }

    /// The addresses of a host; when nobody can say, those it had before.
    pub(crate) fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let name = format!("{host}:{port}");
        let found = (host, port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        let mut known = self.lock();
        match found {
            Ok(mut addresses) => {
                addresses.dedup();
                if addresses.iter().any(SocketAddr::is_ipv4) {
                    addresses.retain(SocketAddr::is_ipv4);
                }
                if known.hosts.get(&name) != Some(&addresses) {
                    known.hosts.insert(name, addresses.clone());
                    self.keep(&known);
                }
                Ok(addresses)
            }
            Err(error) => match known.hosts.get(&name) {
                Some(before) => {
                    tracing::warn!(%error, host, "not resolved; its last addresses are used");
                    Ok(before.clone())
                }
                None => Err(error),
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nobody panics while holding the directory")
    }

    /// Keeps what is known, whole or not at all.
    fn keep(&self, known: &Known) {
        let Some(file) = &self.file else { return };
        let mut new = file.as_os_str().to_owned();
        new.push(".new");
        let text = serde_json::to_vec_pretty(known).map_err(io::Error::other);
        let written = text
            .and_then(|text| std::fs::write(&new, text))
            .and_then(|()| std::fs::rename(&new, file));
        if let Err(error) = written {
            tracing::warn!(%error, file = %file.display(), "what was found is not kept");
        }
    }
}

fn read(file: &Path) -> Option<Known> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "what was found before cannot be read");
            return None;
        }
    };
    match serde_json::from_slice(&text) {
        Ok(known) => Some(known),
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "what was found before makes no sense");
            None
        }
    }
}
