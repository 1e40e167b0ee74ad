//! Letting a build answer in place of the one that did.

use ondol_domain::View;
use tokio::sync::watch;

use super::super::state::Phase;
use super::super::{FollowError, Progress};
use super::{Projector, Running};
use crate::{LoadError, Target, ViewId};

impl<V: View> Projector<V> {
    /// The build that is to answer once it has caught up.
    pub(super) fn to_swap(&self) -> Option<(watch::Receiver<Progress>, u64)> {
        let mut all = self.beside.iter().chain(&self.main);
        let running = all.find(|running| running.is_to_serve)?;
        let most = if self.beside.is_some() { self.handle.options.swap_events_max } else { 0 };
        Some((running.progress.clone(), most))
    }

    /// Lets the build that has caught up answer. The one that served stands still until the new
    /// one has come as far, so that nobody who reads is taken back in time.
    pub(super) async fn swap(&mut self) -> Result<(), FollowError> {
        let serving = Target::Serving(self.handle.name.clone());
        let Some(mut beside) = self.beside.take() else {
            let Some(main) = &mut self.main else { return Ok(()) };
            main.is_to_serve = false;
            let id = main.id.clone();
            self.let_answer(&id).await?;
            return Ok(());
        };
        self.stop_main().await?;
        let stands = match self.handle.views.checkpoints(&serving).await {
            Ok((_, stands)) => stands,
            // None has ever served: nobody who reads can be taken back in time.
            Err(LoadError::UnknownView { .. }) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let reached = beside
            .progress
            .wait_for(|progress| progress.phase == Phase::Stopped || progress.has_reached(&stands));
        let is_there = reached.await.is_ok_and(|progress| progress.has_reached(&stands));
        if is_there {
            let before = self.let_answer(&beside.id).await?;
            self.main = Some(Running { is_to_serve: false, ..beside });
            self.drop_before(before).await?;
        } else {
            // It has failed on its last steps, and says why when it is joined.
            let served = self.handle.views.checkpoints(&serving).await?.0;
            self.main = Some(self.start(served, false));
        }
        self.tell();
        Ok(())
    }

    /// Lets a build answer, and says so once it does.
    pub(super) async fn let_answer(&self, id: &ViewId) -> Result<Option<ViewId>, FollowError> {
        let before = self.handle.views.serve(id).await?;
        self.answering.send_replace(Some(id.clone()));
        Ok(before)
    }

    /// Keeps the build that served before, for the way back, and no older ones.
    async fn drop_before(&self, kept: Option<ViewId>) -> Result<(), FollowError> {
        let Some(kept) = kept else { return Ok(()) };
        for status in self.builds().await? {
            if status.definition.id < kept && !status.is_serving {
                self.handle.views.drop_view(&status.definition.id).await?;
            }
        }
        Ok(())
    }
}
