//! Commands that are to take no effect, if they have not.

use ondol_domain::Aggregate;
use ondol_kernel::StreamId;

use super::{Answer, Desk, HandleError};
use crate::Request;

impl<A: Aggregate> Desk<A> {
    /// Makes a command void unless something has come of it; answers what has come of it.
    ///
    /// It does not wait for the thing's other commands: whichever of the two is in the log first,
    /// the command or its being void, is the answer to both.
    ///
    /// # Errors
    /// When that could not be settled.
    pub async fn void(&self, key: &str, request: &Request) -> Result<Answer<A>, HandleError> {
        let stream = StreamId::new(A::KIND, key)?;
        let metadata = request.metadata(self.inner.ground.clock.now(), Vec::new());
        let outcome = self.inner.ground.store.void(request.command, metadata).await?;
        self.inner.recorded(&stream, outcome, request).await
    }
}
