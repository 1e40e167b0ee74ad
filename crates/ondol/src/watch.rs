//! How services stand, for `/readyz` and `/metrics`.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use ondol_http::{Health, Readiness, Requests};
use ondol_runtime::{ReactionPhase, ReactionProgress, Running, ViewStanding};
use ondol_saga::Sagas;
use ondol_timers::Standing;
use ondol_views::Phase;

/// The health of services: each view is a part, and the log's place and each view's lag are the
/// numbers.
pub(crate) fn health(services: &[Running], requests: Option<Requests>) -> Health {
    let of_numbers = services.to_vec();
    let health = Health::new(move || {
        let of_requests = requests.as_ref().map(Requests::numbers).unwrap_or_default();
        numbers(&of_numbers) + &of_requests
    });
    let services = services.to_vec();
    // A view that has come so far once stays ready while it works off a burst.
    let been_live = Mutex::new(HashSet::new());
    health.ask(move || {
        let mut been_live = been_live.lock().unwrap_or_else(PoisonError::into_inner);
        let mut parts = Vec::new();
        for running in &services {
            let service = &running.description().service;
            parts.push((service.clone(), Readiness::Ready));
            for standing in running.views() {
                let name = format!("{service}/{}", standing.view);
                let readiness = if running.duty().is_on() {
                    readiness(&standing, been_live.contains(&name))
                } else {
                    Readiness::Ready
                };
                if readiness == Readiness::Ready {
                    been_live.insert(name.clone());
                }
                parts.push((name, readiness));
            }
            parts.push((format!("{service}/timers"), timers(&running.timers())));
            for control in running.reactions() {
                let progress = control.progress();
                parts.push((format!("{service}/{}", progress.name), reaction(&progress)));
            }
        }
        parts
    });
    health
}

fn readiness(standing: &ViewStanding, has_been_live: bool) -> Readiness {
    let (Some(serving), Some(_answers)) = (standing.builds.first(), &standing.answering) else {
        return Readiness::Starting;
    };
    match serving.phase {
        Phase::Live => Readiness::Ready,
        Phase::CatchingUp if has_been_live => Readiness::Ready,
        Phase::CatchingUp => Readiness::Starting,
        Phase::Waiting => {
            let reason = serving.failure.clone().unwrap_or_default();
            Readiness::Degraded { reason }
        }
        Phase::Stopped => Readiness::Failed { reason: "the view is not folded on".to_owned() },
    }
}

/// Timers that cannot fire are tried again for ever, and a person should look at them.
fn timers(standing: &Standing) -> Readiness {
    match (&standing.trouble, standing.held) {
        (Some(reason), _) => Readiness::Degraded { reason: reason.clone() },
        (None, 0) => Readiness::Ready,
        (None, held) => Readiness::Degraded { reason: format!("the timers of {held} things wait") },
    }
}

/// A policy with something parked works, and a person should look at it.
fn reaction(progress: &ReactionProgress) -> Readiness {
    let trouble = || progress.trouble.clone().unwrap_or_default();
    match progress.phase {
        ReactionPhase::Starting => Readiness::Starting,
        ReactionPhase::Running if progress.parked > 0 => {
            let reason = format!("{} streams are parked", progress.parked);
            Readiness::Degraded { reason }
        }
        // Another process sees to it, and says there how it stands.
        ReactionPhase::Running | ReactionPhase::Elsewhere => Readiness::Ready,
        ReactionPhase::Waiting => Readiness::Degraded { reason: trouble() },
        ReactionPhase::Stopped => Readiness::Failed { reason: "it is not run on".to_owned() },
    }
}

/// Writes numbers of one name. Those that only grow are called so that one sees it.
fn family(text: &mut String, (name, help): (&str, &str), lines: Vec<String>) {
    let lines: String = lines.into_iter().map(|line| format!("{name}{line}\n")).collect();
    let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
    write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}")
        .expect("a text takes what is written to it");
}

/// The numbers in Prometheus' format.
fn numbers(services: &[Running]) -> String {
    let mut text = String::new();
    let mut head = |name: &str, help: &str, lines| family(&mut text, (name, help), lines);
    let positions = services.iter().map(|running| {
        let position = running.home().ground.store.watch().borrow().position;
        format!("{{service=\"{}\"}} {position}", running.description().service)
    });
    head("ondol_log_position", "The position of the last event.", positions.collect());
    let duties = services.iter().map(|running| {
        let is_on = u8::from(running.duty().is_on());
        format!("{{service=\"{}\"}} {is_on}", running.description().service)
    });
    let help = "Whether this process runs the service's views, policies, effects and timers.";
    head("ondol_duty", help, duties.collect());
    let of_views = |value: fn(&ondol_views::Progress) -> u64| {
        let mut lines = Vec::new();
        for running in services {
            let service = &running.description().service;
            for standing in running.views() {
                let Some(serving) = standing.builds.first() else { continue };
                let (view, value) = (&standing.view, value(serving));
                lines.push(format!("{{service=\"{service}\",view=\"{view}\"}} {value}"));
            }
        }
        lines
    };
    let behind = of_views(|progress| progress.behind.unwrap_or_default());
    head("ondol_view_behind_events", "Events that a view has not folded in yet.", behind);
    let rate = of_views(|progress| progress.events_per_second);
    head("ondol_view_events_per_second", "Events that a view deals with in a second.", rate);
    let of_reactions = |value: fn(&ReactionProgress) -> u64| {
        let line = |(service, progress): (&str, ReactionProgress)| {
            let (name, value) = (&progress.name, value(&progress));
            format!("{{service=\"{service}\",reaction=\"{name}\"}} {value}")
        };
        let of = |running: &Running| {
            let service = running.description().service.clone();
            let controls = running.reactions().iter();
            controls.map(|one| line((&service, one.progress()))).collect::<Vec<_>>()
        };
        services.iter().flat_map(of).collect::<Vec<_>>()
    };
    let parked = of_reactions(|progress| u64::try_from(progress.parked).unwrap_or(u64::MAX));
    head("ondol_reaction_parked_streams", "Streams that a policy or effect has parked.", parked);
    let done = of_reactions(|progress| progress.done);
    head("ondol_reaction_done_total", "What a policy or effect has asked or sent.", done);
    let of_timers = |value: fn(&Standing) -> u64| {
        let line = |running: &Running| {
            let value = value(&running.timers());
            format!("{{service=\"{}\"}} {value}", running.description().service)
        };
        services.iter().map(line).collect::<Vec<_>>()
    };
    let fired = of_timers(|standing| standing.fired);
    head(
        "ondol_timers_fired_total",
        "Timers that have fired since the service was started.",
        fired,
    );
    let held = of_timers(|standing| u64::try_from(standing.held).unwrap_or(u64::MAX));
    head("ondol_timers_held_streams", "Things whose timers have failed and are tried again.", held);
    let sagas = services.iter().filter_map(|running| {
        let sagas = running.companion::<Sagas>().ok()?;
        Some((running.description().service.clone(), sagas.metrics().snapshot()))
    });
    let sagas: Vec<_> = sagas.collect();
    if !sagas.is_empty() {
        text.push_str(&ondol_saga::prometheus(&sagas));
    }
    text
}

#[cfg(test)]
mod tests;
