//! What is still to come of a flow: sagas that have not ended, and what policies are still to ask.
//!
//! A policy is a pure function, and the id under which it asks follows from the event. So what it
//! will ask, and whether it has been answered, is known without running it. One that reads a view
//! first is left out: what it asks depends on the moment.

use ondol_domain::{Policy, Target};
use ondol_kernel::{Envelope, StreamId};
use ondol_runtime::policy_command;
use ondol_saga::SAGA_KIND;
use ondol_store::ReadError;
use ondol_views::SourceName;
use serde::Serialize;

use super::{Part, Seen};

/// Something that is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Pending {
    /// What.
    pub(super) what: String,
    /// Who does it: a saga, or a policy of a service.
    pub(super) by: String,
    /// Because of which event.
    pub(super) because_of: String,
}

impl Pending {
    pub(super) fn row(&self) -> [String; 3] {
        [self.what.clone(), self.by.clone(), self.because_of.clone()]
    }
}

/// All that is still to come.
pub(super) async fn pending(seen: &[Seen<'_>], parts: &[Part]) -> Result<Vec<Pending>, ReadError> {
    let mut found = sagas(parts);
    for part in parts {
        let Some(of) = seen.iter().find(|one| one.service.name() == part.service) else { continue };
        for reacting in seen {
            for policy in reacting.service.policies().filter(|policy| policy.reads.is_none()) {
                for told in told_to(policy, of, reacting, &part.event) {
                    found.extend(of_policy(seen, (of, reacting), policy, (&told, part)).await?);
                }
            }
        }
    }
    Ok(found)
}

/// The sagas of the flow that have not come to their end, each with the last that has happened.
fn sagas(parts: &[Part]) -> Vec<Pending> {
    let mut open: Vec<(&StreamId, Pending)> = Vec::new();
    for part in parts.iter().filter(|part| part.event.stream.kind() == SAGA_KIND) {
        let stream = &part.event.stream;
        open.retain(|(other, _)| *other != stream);
        if !matches!(part.event.event_type.as_str(), "saga.completed" | "saga.compensated") {
            let (what, by) = (stream.to_string(), part.service.clone());
            open.push((stream, Pending { what, by, because_of: part.name() }));
        }
    }
    open.into_iter().map(|(_, pending)| pending).collect()
}

/// As what a policy of a service hears of an event: as it is in its own service, and as it is
/// published in others.
fn told_to(policy: &Policy, of: &Seen<'_>, reacting: &Seen<'_>, event: &Envelope) -> Vec<Envelope> {
    let is_own = of.service.name() == reacting.service.name();
    let hears = |service: Option<&str>, event: &Envelope| {
        policy
            .sources
            .iter()
            .any(|source| source.service == service && source.types.contains(&event.event_type))
    };
    let mut told = Vec::new();
    if is_own && hears(None, event) {
        told.push(event.clone());
    }
    let publications = of.service.publications().filter(|one| one.tells_of(event));
    let public = publications.flat_map(|one| one.tell(event.clone()));
    told.extend(public.filter(|event| hears(Some(of.service.name()), event)));
    told
}

/// What a policy asks because of an event, as far as it has not been answered, or nobody can see
/// from here whether it was.
async fn of_policy(
    seen: &[Seen<'_>],
    (of, reacting): (&Seen<'_>, &Seen<'_>),
    policy: &Policy,
    (told, part): (&Envelope, &Part),
) -> Result<Vec<Pending>, ReadError> {
    let (Ok(calls), Ok(source)) = (policy.react(told.clone()), SourceName::new(of.service.name()))
    else {
        return Ok(Vec::new());
    };
    let service = reacting.service.name();
    let mut pending = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let id = policy_command(service, policy.name, (&source, of.epoch), told, at);
        let (asked, name) = match &call.target {
            Target::Aggregate(kind) => (Some(reacting), kind),
            Target::Service(name) => {
                (seen.iter().find(|one| one.service.name() == name.as_str()), name)
            }
        };
        let is_answered = match asked {
            Some(asked) => asked.home.ground.store.outcome(id).await?.is_some(),
            None => false,
        };
        if !is_answered {
            let unseen = if asked.is_none() { ", whose log cannot be seen here" } else { "" };
            pending.push(Pending {
                what: format!("asks {name} {:?} to {}{unseen}", call.key, call.command),
                by: format!("the policy {:?} of {service}", policy.name),
                because_of: part.name(),
            });
        }
    }
    Ok(pending)
}
