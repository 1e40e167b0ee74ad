//! Sagas that wait for each other in a circle: found in what they have recorded, by whichever of
//! them has closed the circle.
//!
//! Each records whom it waits for before it looks. So of those that make a circle, the one that
//! recorded last sees all of it, in whichever process it is driven. A circle that goes through the
//! sagas of another service cannot be seen from here: there the steps' time limits end it.

use std::sync::Arc;

use ondol_domain::Holder;
use ondol_kernel::StreamId;
use ondol_runtime::error_chain;

use super::{Inner, OrderSagaError};
use crate::machine::{Input, who_gives_way};
use crate::{Definition, Instance, saga_stream};

/// How many sagas are looked at to find a circle.
const LOOKED_AT_MAX: usize = 100;

/// A saga that was looked at, and where it was come from.
struct Seen {
    instance: Instance,
    from: Option<usize>,
}

impl Inner {
    /// If those that a saga waits for wait for it in turn, one of them gives way. Answers how the
    /// saga stands then.
    pub(super) async fn untangle(&self, instance: Instance) -> Result<Instance, OrderSagaError> {
        let circle = self.circle(&instance).await;
        let known: Vec<(Arc<dyn Definition>, &Instance)> =
            circle.iter().filter_map(|one| Some((self.definition(one).ok()?, one))).collect();
        let circle_of = known.iter().map(|(definition, one)| (&**definition, *one));
        let Some(gives_way) = who_gives_way(circle_of).cloned() else { return Ok(instance) };
        let is_of_circle = |by: &&Holder| {
            stream_of(by).is_some_and(|of| circle.iter().any(|one| one.stream == of))
        };
        let Some(held_by) = gives_way.held_by().find(is_of_circle).cloned() else {
            return Ok(instance);
        };
        tracing::info!(saga = %gives_way.stream, %held_by, "a deadlock: it gives way");
        self.metrics.gave_way();
        let input = Input::Deadlock { held_by };
        if gives_way.stream == instance.stream {
            return Ok(self.take(instance, &input).await?.instance);
        }
        let stream = gives_way.stream.clone();
        self.take(gives_way, &input).await?;
        self.attend(&stream);
        Ok(instance)
    }

    /// The circle that a saga closes by waiting; empty if there is none.
    async fn circle(&self, of: &Instance) -> Vec<Instance> {
        let mut seen = vec![Seen { instance: of.clone(), from: None }];
        let mut at = 0;
        while at < seen.len() {
            let waits_for: Vec<_> = seen[at].instance.held_by().filter_map(stream_of).collect();
            for stream in waits_for {
                if stream == of.stream {
                    return way_to(&seen, at);
                }
                let is_new = seen.iter().all(|one| one.instance.stream != stream);
                if !is_new || seen.len() >= LOOKED_AT_MAX {
                    continue;
                }
                if let Some(instance) = self.looked_at(&stream).await {
                    seen.push(Seen { instance, from: Some(at) });
                }
            }
            at += 1;
        }
        Vec::new()
    }

    /// A saga of this service as it stands; nothing if it is another's, or cannot be read.
    async fn looked_at(&self, stream: &StreamId) -> Option<Instance> {
        match self.recorder.load(stream).await {
            Ok(found) => found.filter(|instance| !instance.is_ended()),
            Err(error) => {
                tracing::debug!(%stream, error = error_chain(&error), "it cannot be looked at");
                None
            }
        }
    }
}

fn stream_of(holder: &Holder) -> Option<StreamId> {
    saga_stream(&holder.saga, &holder.identity).ok()
}

/// All that were gone through on the way to one.
fn way_to(seen: &[Seen], to: usize) -> Vec<Instance> {
    let way = std::iter::successors(Some(to), |at| seen[*at].from);
    way.map(|at| seen[at].instance.clone()).collect()
}
