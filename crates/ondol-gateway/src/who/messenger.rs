//! Whoever carries the gateway's own questions, once it runs.

use std::sync::{Arc, OnceLock, Weak};

use crate::gateway::{Core, Errand, ErrandError, Returned};

/// Carries questions to backends by their names, as they are configured at the time. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Messenger(Arc<OnceLock<Weak<Core>>>);

impl Messenger {
    /// From now on it carries for this gateway.
    pub(crate) fn serve(&self, core: &Arc<Core>) {
        // A gateway is made once, and so is its messenger.
        drop(self.0.set(Arc::downgrade(core)));
    }

    /// Asks a backend.
    pub(crate) async fn ask(
        &self,
        backend: &str,
        errand: Errand<'_>,
    ) -> Result<Returned, ErrandError> {
        let core = self.0.get().and_then(Weak::upgrade).ok_or(ErrandError::NotRunning)?;
        let snapshot = core.snapshot.load_full();
        let found = snapshot.backends.get(backend);
        let found = found.ok_or_else(|| ErrandError::NoBackend(backend.to_owned()))?;
        core.errand(found, errand).await
    }
}

impl std::fmt::Debug for Messenger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messenger").finish_non_exhaustive()
    }
}
