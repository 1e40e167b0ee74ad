//! Commands that wait until a saga has let go of the thing.

use std::time::Duration;

use ondol_domain::{Aggregate, Holder};
use ondol_kernel::StreamId;

use super::{Answer, Asked, HandleError, Inner, Seat};
use crate::Request;

/// How often is looked whether another process has let go of it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl<A: Aggregate> Inner<A> {
    /// The thing is held, unless that is what this very command has done.
    pub(super) async fn kept_out(
        &self,
        stream: &StreamId,
        by: Holder,
        request: &Request,
    ) -> Result<Answer<A>, HandleError> {
        match self.ground.store.outcome(request.command).await? {
            Some(outcome) => self.recorded(stream, outcome).await,
            None => Err(HandleError::Held { stream: stream.clone(), by }),
        }
    }

    /// Answers a command once the thing is let go, or says that it is held if that takes too
    /// long. Nobody else waits meanwhile: the one who holds it has to get at it.
    pub(super) async fn once_let_go(
        &self,
        seat: &Seat<A>,
        asked: Asked<'_, A>,
    ) -> Result<Answer<A>, HandleError> {
        let clock = &self.ground.clock;
        let until = clock.running().saturating_add(self.options.held_longest);
        loop {
            let moved = seat.moved.notified();
            tokio::pin!(moved);
            // What happens from here on is not missed, so it is looked once more before waiting.
            moved.as_mut().enable();
            let answer = self.seated(seat, asked).await;
            let left = until.saturating_sub(clock.running());
            if left.is_zero() || !matches!(answer, Err(HandleError::Held { .. })) {
                return answer;
            }
            let looks_again = clock.sleep(left.min(LOOK_EVERY));
            tokio::select! {
                () = moved => {}
                () = looks_again => {}
            }
        }
    }
}
