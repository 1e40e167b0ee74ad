//! Which sagas are driven in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ondol_kernel::StreamId;
use tokio::sync::Notify;

/// The sagas that are driven in this process.
#[derive(Debug, Default)]
pub struct Active {
    driven: Mutex<HashMap<StreamId, Arc<Notify>>>,
}

/// The right to drive a saga in this process.
#[derive(Debug)]
pub(super) struct Driver<'a> {
    active: &'a Active,
    stream: StreamId,
    pub(super) changed: Arc<Notify>,
}

impl Active {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.driven().len()
    }

    /// Whether a saga is driven.
    pub fn contains(&self, stream: &StreamId) -> bool {
        self.driven().contains_key(stream)
    }

    /// The right to drive a saga, unless somebody has it.
    pub(super) fn enter(&self, stream: &StreamId) -> Option<Driver<'_>> {
        let mut driven = self.driven();
        if driven.contains_key(stream) {
            return None;
        }
        let changed = Arc::new(Notify::new());
        driven.insert(stream.clone(), Arc::clone(&changed));
        Some(Driver { active: self, stream: stream.clone(), changed })
    }

    /// Tells whoever drives a saga that something has happened to it; false if nobody does.
    pub(super) fn tell(&self, stream: &StreamId) -> bool {
        self.driven().get(stream).map(|changed| changed.notify_one()).is_some()
    }

    fn driven(&self) -> MutexGuard<'_, HashMap<StreamId, Arc<Notify>>> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Driver<'_> {
    fn drop(&mut self) {
        self.active.driven().remove(&self.stream);
    }
}
