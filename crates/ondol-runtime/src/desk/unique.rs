//! What nothing else may have: each claim is a tag of the event that makes it, and the event is
//! recorded on the condition that no other has ever had the tag. So of many who claim one thing at
//! once, in whichever processes, one has it, and the others are refused as the business has it.

use ondol_domain::{Aggregate, Unique};
use ondol_kernel::Position;
use ondol_store::{Condition, ReadAll};

use super::{HandleError, Inner, Written};

/// What these events claim.
pub(super) fn claims<A: Aggregate>(events: &[Written<A::Event>]) -> Vec<Unique<A::Refusal>> {
    events.iter().flat_map(|written| A::unique(&written.event)).collect()
}

/// On which conditions they are recorded.
pub(super) fn conditions<A: Aggregate>(events: &[Written<A::Event>]) -> Vec<Condition> {
    claims::<A>(events).into_iter().map(|claim| Condition::never(claim.tag)).collect()
}

impl<A: Aggregate> Inner<A> {
    /// Why the answer is no, if the event that stands in the way has one of these.
    pub(super) async fn taken(
        &self,
        claims: Vec<Unique<A::Refusal>>,
        at: Position,
    ) -> Result<Option<A::Refusal>, HandleError> {
        if claims.is_empty() {
            return Ok(None);
        }
        let before = at.previous().unwrap_or(Position::START);
        let page = self.ground.store.read_all(ReadAll::after(before, 1)).await?;
        let in_the_way = page.events.into_iter().find(|event| event.position == at);
        let tags = in_the_way.map(|event| event.metadata.tags).unwrap_or_default();
        Ok(claims.into_iter().find(|claim| tags.contains(&claim.tag)).map(|claim| claim.taken))
    }
}
