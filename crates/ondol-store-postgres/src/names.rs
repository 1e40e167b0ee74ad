//! The names of streams by their ids, as far as a reader has met them.
//!
//! A stream's name never changes, so it is asked for once and not with every event: that spares
//! the server a look-up an event and us a name an event. Ids are of one life of the log; with
//! another one all are forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use ondol_kernel::StreamId;
use ondol_store::LogEpoch;

/// How many names are remembered; when there are more, all are forgotten.
const NAMES_MAX: usize = 200_000;

/// Names that are known.
#[derive(Debug, Default)]
pub(crate) struct StreamNames {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    epoch: Option<LogEpoch>,
    names: HashMap<i64, StreamId>,
}

impl StreamNames {
    fn known(&self, epoch: LogEpoch) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().expect("nobody panics while holding the names");
        if known.epoch != Some(epoch) {
            *known = Known { epoch: Some(epoch), names: HashMap::new() };
        }
        known
    }

    /// The names of ids, in their order; nothing where one is not known.
    pub(crate) fn of(&self, epoch: LogEpoch, ids: &[i64]) -> Vec<Option<StreamId>> {
        let known = self.known(epoch);
        ids.iter().map(|id| known.names.get(id).cloned()).collect()
    }

    /// Remembers names.
    pub(crate) fn keep(&self, epoch: LogEpoch, found: &HashMap<i64, StreamId>) {
        let mut known = self.known(epoch);
        if known.names.len() + found.len() > NAMES_MAX {
            known.names.clear();
        }
        known.names.extend(found.iter().map(|(id, name)| (*id, name.clone())));
    }
}

#[cfg(test)]
mod tests;
