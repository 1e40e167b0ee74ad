//! What the control of a running gateway reaches through a hand on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ondol_resilience::Hold;

use super::GatewayHandle;
use crate::config::{Config, meant};
use crate::control::{Audit, Refusals, Told, Version, Versions};
use crate::snapshot::{BuildError, Snapshot};
use crate::steer::SteerError;

/// What belongs to whoever changes the gateway by hand.
#[derive(Debug)]
pub(crate) struct Desk {
    audit: Audit,
    versions: Versions,
    file: Option<PathBuf>,
}

impl Desk {
    /// With the versions beside the configuration's file.
    pub(super) fn beside(file: Option<PathBuf>) -> Self {
        let folder = file.as_ref().map(|file| {
            let mut folder = file.as_os_str().to_owned();
            folder.push(".versions");
            PathBuf::from(folder)
        });
        Self { audit: Audit::default(), versions: Versions::open(folder), file }
    }
}

impl GatewayHandle {
    /// Says that what runs is this text, and why it was taken over: an earlier one can be found again.
    pub fn note_text(&self, text: &str, why: &str) {
        let config = self.config();
        if config.control.is_some() {
            self.told(&config, text, "file", why);
        }
    }

    /// Holds a backend's breaker in a state, or lets it go.
    ///
    /// # Errors
    /// There is no such backend, or it has no breaker.
    pub fn hold_breaker(&self, backend: &str, hold: Hold) -> Result<(), SteerError> {
        let snapshot = self.core.snapshot.load_full();
        let names = snapshot.backends.keys().map(String::as_str);
        let found = snapshot.backends.get(backend).ok_or_else(|| SteerError::NoSuchBackend {
            name: backend.to_owned(),
            meant: meant(backend, names).map(str::to_owned),
        })?;
        let breaker = found.guards.breaker.as_ref();
        let nothing = SteerError::Nothing { name: backend.to_owned(), what: "breaker" };
        breaker.ok_or(nothing)?.hold(hold);
        Ok(())
    }

    pub(crate) fn told(&self, config: &Arc<Config>, text: &str, who: &str, why: &str) -> Version {
        let at_micros = self.core.clock.now().as_micros();
        let told = Told { at_micros, who: who.to_owned(), why: why.to_owned() };
        self.desk.versions.tell(config, text, told)
    }

    /// The version that runs. Where nobody has said what it is the text of, it is written anew.
    pub(crate) fn version(&self) -> Version {
        let config = self.config();
        self.desk.versions.of(&config).unwrap_or_else(|| {
            let text = toml::to_string(&*config).unwrap_or_default();
            self.told(&config, &text, "process", "taken over without a text")
        })
    }

    pub(crate) fn versions(&self) -> &Versions {
        &self.desk.versions
    }

    pub(crate) fn audit(&self) -> &Audit {
        &self.desk.audit
    }

    pub(crate) fn file(&self) -> Option<&Path> {
        self.desk.file.as_deref()
    }

    pub(crate) fn refusals(&self) -> &Refusals {
        &self.core.refusals
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.core.snapshot.load_full()
    }

    /// Whether a configuration could be made ready, which is then let go of.
    pub(crate) fn try_out(&self, config: &Arc<Config>) -> Result<(), BuildError> {
        let changing = self.workshop.changing.lock();
        let _changing = changing.expect("nobody panics while changing what runs");
        self.certificates(config)?;
        crate::snapshot::check_certificates(config)
    }
}
