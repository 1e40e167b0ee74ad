//! Whether the steps form chains that all end at a shape the code knows.

use std::collections::BTreeSet;

use super::{Named, Step, Upcasts};

/// What is wrong with a chain of upcasts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum UpcastProblem {
    /// A version was recorded once, and nothing leads on from it.
    #[error("no step leads on from version {version} of {event:?}")]
    Hole {
        /// Which event.
        event: &'static str,
        /// Which version.
        version: u32,
    },
    /// Two steps lead on from one version.
    #[error("more than one step leads on from version {version} of {event:?}")]
    Double {
        /// Which event.
        event: &'static str,
        /// Which version.
        version: u32,
    },
    /// A step leads to an event that there is not.
    #[error("a step from version {version} of {event:?} leads to {to:?}, which is no event")]
    Nowhere {
        /// Which event.
        event: &'static str,
        /// Which version.
        version: u32,
        /// Where its step leads.
        to: &'static str,
    },
    /// Steps lead round and round.
    #[error("the steps from version {version} of {event:?} lead round and round")]
    Ring {
        /// Which event.
        event: &'static str,
        /// Which version.
        version: u32,
    },
    /// A step leads away from the version that is recorded now.
    #[error("version {version} of {event:?} is the newest, yet a step leads on from it")]
    PastNewest {
        /// Which event.
        event: &'static str,
        /// Which version.
        version: u32,
    },
    /// A version from before the first.
    #[error("a step names version 0 of {event:?}; the first version is 1")]
    BeforeFirst {
        /// Which event.
        event: &'static str,
    },
}

impl Upcasts {
    /// Everything that is wrong with the chain, for the events that there are now.
    pub fn check(&self, events: &[&str]) -> Vec<UpcastProblem> {
        let steps = self.steps.iter().flat_map(|step| self.problems_of(step, events));
        let holes = self.shapes().into_iter().filter_map(|shape| self.hole(shape, events));
        steps.chain(holes).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn problems_of(&self, step: &Step, events: &[&str]) -> Vec<UpcastProblem> {
        let (event, version) = step.from;
        let double = self.steps.iter().filter(|other| other.from == step.from).count() > 1;
        let newest = events.contains(&event) && version >= self.current(event).get();
        let zero = [step.from, step.to].into_iter().find(|(_, version)| *version == 0);
        let problems = [
            double.then_some(UpcastProblem::Double { event, version }),
            newest.then_some(UpcastProblem::PastNewest { event, version }),
            zero.map(|(event, _)| UpcastProblem::BeforeFirst { event }),
            self.dead_end(step, events),
        ];
        problems.into_iter().flatten().collect()
    }

    /// Where the chain that begins with a step ends, unless it ends well or has a hole.
    fn dead_end(&self, first: &Step, events: &[&str]) -> Option<UpcastProblem> {
        let (event, version) = first.from;
        let mut last = first;
        for _ in 0..self.len() {
            match self.step_from(last.to.0, last.to.1) {
                Some(next) => last = next,
                None if events.contains(&last.to.0) => return None,
                None => return Some(UpcastProblem::Nowhere { event, version, to: last.to.0 }),
            }
        }
        Some(UpcastProblem::Ring { event, version })
    }

    /// Every shape that was recorded once: each version of each event up to the last one named.
    fn shapes(&self) -> BTreeSet<Named> {
        let named = self.steps.iter().flat_map(|step| [step.from, step.to]);
        named.flat_map(|(event, last)| (1..=last).map(move |version| (event, version))).collect()
    }

    /// The hole at a shape: nothing leads on from it, though it is not the newest of an event.
    fn hole(&self, (event, version): Named, events: &[&str]) -> Option<UpcastProblem> {
        let newest = events.contains(&event) && version == self.current(event).get();
        let end_of_nowhere =
            !events.contains(&event) && self.steps.iter().any(|step| step.to == (event, version));
        let leads_on = self.step_from(event, version).is_some();
        (!newest && !end_of_nowhere && !leads_on).then_some(UpcastProblem::Hole { event, version })
    }
}
