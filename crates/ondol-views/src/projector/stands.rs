//! How a set of documents stands in its store, and what is parked in it.

use std::collections::BTreeSet;

use ondol_domain::View;

use super::FollowError;
use super::build::Build;
use super::parked_set::ParkedSet;
use crate::{SourceCheckpoint, Unit};

/// Parked units that are read at a time.
const PARKED_PAGE: usize = 500;

impl<V: View> Build<V> {
    pub(super) async fn stands(&self) -> Result<(Stands, ParkedSet), FollowError> {
        let listed = self.views.list().await?;
        let kept = listed.into_iter().find(|status| status.definition.id == self.view);
        let unknown = || crate::LoadError::UnknownView { asked: self.view.clone().into() };
        let kept = kept.ok_or_else(unknown)?;
        let mut parked = ParkedSet::default();
        let mut after = None;
        loop {
            let page = self.views.parked(&self.view, after, PARKED_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.unit.clone());
            for one in &page {
                parked.restore(one, self.open(&one.unit, one.is_open).await?);
            }
        }
        Ok((Stands { checkpoints: kept.checkpoints, documents: kept.documents }, parked))
    }

    /// The logs of which all that follows waits behind a unit.
    async fn open(&self, unit: &Unit, is_open: bool) -> Result<BTreeSet<usize>, FollowError> {
        if !is_open {
            return Ok(BTreeSet::new());
        }
        let waiting = self.views.waiting(&self.view, unit).await?;
        let open = waiting.iter().filter(|one| one.and_all_after);
        Ok(open.filter_map(|one| self.reading.place_of(&one.source)).collect())
    }
}

/// How far a set of documents has come.
#[derive(Debug)]
pub(super) struct Stands {
    pub(super) checkpoints: Vec<SourceCheckpoint>,
    pub(super) documents: u64,
}
