//! What everything that works on one set of documents needs.

use std::sync::Arc;

use ondol_domain::View;
use ondol_doors::Clock;
use tokio::sync::watch;

use super::pages::Ahead;
use super::replay::Reading;
use super::{Progress, ProjectorOptions};
use crate::{ViewId, ViewStore};

pub(super) struct Core<V: View> {
    pub(super) view: ViewId,
    pub(super) views: Arc<dyn ViewStore>,
    pub(super) reading: Arc<Reading<V>>,
    pub(super) options: Arc<ProjectorOptions>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) state: watch::Sender<Progress>,
}

impl<V: View> Core<V> {
    pub(super) fn ahead(&self, source: usize) -> Ahead<V> {
        Ahead {
            number: source,
            source: self.reading.sources[source].clone(),
            reading: Arc::clone(&self.reading),
            limit: self.options.page_events_max,
        }
    }
}
