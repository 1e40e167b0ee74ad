//! A policy as a reaction: what it says is asked under ids that follow from the event.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use ondol_bus::{About, CallFailure, Calls, Reply};
use ondol_domain::{Policy, ReactError};
use ondol_kernel::{CommandId, Envelope};
use ondol_store::LogEpoch;
use ondol_trace::Origin;
use ondol_views::SourceName;
use tracing::{Instrument as _, Span};

use super::act::{Act, Acted, Delivered, Fault};
use super::reading::Reading;
use crate::error_chain;

/// Asks what a policy says.
pub(crate) struct PolicyAct {
    pub(crate) service: Arc<str>,
    pub(crate) policy: Policy,
    pub(crate) calls: Arc<dyn Calls>,
    /// Where it reads, if it does.
    pub(crate) reading: Option<Reading>,
}

#[async_trait]
impl Act for PolicyAct {
    async fn act(&self, delivered: &Delivered) -> Result<Acted, Fault> {
        let document = match &self.reading {
            Some(reading) => reading.document(delivered).await?,
            None => None,
        };
        let (event, document) = (Envelope::clone(&delivered.event), document.as_deref());
        let reacted = catch_unwind(AssertUnwindSafe(|| self.policy.react_to(event, document)));
        let calls = match reacted {
            Ok(calls) => calls.map_err(|error| Fault::Never(unreadable(&error)))?,
            Err(panic) => {
                let said = crate::supervisor::said(panic.as_ref());
                return Err(Fault::Fails(format!("policy-panicked: {said}")));
            }
        };
        let mut acted = Acted::default();
        for (at, call) in calls.iter().enumerate() {
            let mut about = About::following(&delivered.event, self.command(delivered, at));
            // Where the delivery has a span, its trace is written down whole.
            let span = match ondol_trace::context(&Span::current()) {
                Some(_) => ondol_trace::policy(self.policy.name, &call.command, Origin::default()),
                None => Span::none(),
            };
            about.traceparent = ondol_trace::context(&span).or(about.traceparent);
            let asking = self.calls.ask(call, &about).instrument(span);
            let reply = asking.await.map_err(|failure| fault(&failure))?;
            acted.done += 1;
            if let Reply::Refused(refused) = reply {
                acted.refused += 1;
                let (policy, code) = (self.policy.name, refused.code);
                tracing::debug!(policy, code, "what a policy asked was refused");
            }
        }
        Ok(acted)
    }
}

impl PolicyAct {
    /// The id of what is asked: the same whenever the policy meets the event, and another one for
    /// every other policy, service, place and life of a log.
    fn command(&self, delivered: &Delivered, at: usize) -> CommandId {
        let Delivered { source, epoch, event } = delivered;
        policy_command(&self.service, self.policy.name, (source, *epoch), event, at)
    }
}

/// The id under which a policy of a service asks what it asks because of an event of a feed, in
/// some life of its log; of several things that it asks, the one at this place. Whoever knows the
/// flow knows by it what has come of the policy, and what is still to come.
pub fn policy_command(
    service: &str,
    policy: &str,
    (source, epoch): (&SourceName, LogEpoch),
    event: &Envelope,
    at: usize,
) -> CommandId {
    let position = event.position;
    CommandId::derived(event.id, &format!("{service}/{policy}/{source}/{epoch}/{position}/{at}"))
}

pub(super) fn unreadable(error: &ReactError) -> String {
    format!("policy-unreadable: {}", error_chain(error))
}

fn fault(failure: &CallFailure) -> Fault {
    let reason = format!("{}: {}", failure.code(), error_chain(failure));
    match failure {
        CallFailure::Broken { .. } => Fault::Fails(reason),
        // A service that is not known here may be on its way.
        CallFailure::NoSuchService { .. } => Fault::Passes(reason),
        failure if failure.may_be_asked_again() => Fault::Passes(reason),
        _ => Fault::Never(reason),
    }
}

impl fmt::Debug for PolicyAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyAct").field("policy", &self.policy.name).finish_non_exhaustive()
    }
}
