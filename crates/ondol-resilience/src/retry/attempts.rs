//! The attempts of one request, for a caller that makes them itself.

use super::Retry;
use crate::{Context, Safety, Verdict};

/// The attempts of one request.
#[derive(Debug)]
pub struct Attempts {
    retry: Retry,
    context: Context,
    safety: Safety,
    retried_above: bool,
}

impl Retry {
    /// A request begins. The caller makes an attempt with [`Attempts::context`] and asks
    /// [`Attempts::again`] what to do about its outcome, until the answer is no.
    pub fn attempts(&self, mut context: Context, safety: Safety) -> Attempts {
        let retried_above = context.attempt > 0;
        self.begin(&mut context);
        context.tried.get_or_insert_default();
        Attempts { retry: self.clone(), context, safety, retried_above }
    }
}

impl Attempts {
    /// What the attempt to be made now carries.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// Whether to make another attempt after this verdict; waits until it is time to.
    pub async fn again(&mut self, verdict: Verdict) -> bool {
        let Context { attempt, deadline, .. } = self.context;
        let next = match self.retried_above {
            true => None,
            false => self.retry.next(attempt, self.safety, deadline, verdict),
        };
        let Some(at) = next else { return false };
        self.retry.0.core.doors.time.sleep_until(at).await;
        self.context.attempt += 1;
        true
    }
}
