//! What has been found out about the candidate: where it differs, and where that is only noise.
//!
//! Of each request there are up to three answers: the one that the client got (A), that of a second copy
//! of what serves (B), and the candidate's (C). A field that differs between A and B is noise. Over many
//! requests chance makes some noise look like a difference: two random numbers are sometimes alike. So
//! what counts is whether C differs from A alone more often than B does, and by more than chance.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::compare::{Fields, Pair};

/// Fields that are remembered.
const FIELDS_MAX: usize = 256;
/// Examples of each.
const EXAMPLES_MAX: usize = 3;
/// How many standard deviations are not chance any more: with three, one of 700 noisy fields would be
/// called a difference each time somebody looks.
const BEYOND_CHANCE: u64 = 5;

/// How often a field differed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Field {
    /// Only the candidate was different.
    pub(crate) only_candidate: u64,
    /// Only the second copy was different.
    pub(crate) only_again: u64,
    /// Both were.
    pub(crate) both: u64,
    examples: Vec<(Option<String>, Option<String>)>,
}

impl Field {
    /// Whether it is the candidate that differs, and not only everything.
    pub(crate) fn is_real(&self) -> bool {
        let Self { only_candidate, only_again, both, .. } = *self;
        let alone = only_candidate.saturating_sub(only_again);
        match only_again + both {
            0 => only_candidate > 0,
            // The square root is left out: both sides are squared.
            _ => alone * alone > BEYOND_CHANCE * BEYOND_CHANCE * (only_candidate + only_again),
        }
    }

    fn told(&self, name: &str) -> Value {
        let example = |(old, new): &Pair| json!({ "baseline": old, "candidate": new });
        json!({
            "field": name,
            "differs": self.only_candidate + self.both,
            "noise": self.only_again + self.both,
            "only_candidate": self.only_candidate,
            "examples": self.examples.iter().map(example).collect::<Value>(),
        })
    }
}

/// All that has been found out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Report {
    compared: u64,
    /// Of these, how many had a second copy's answer.
    with_noise: u64,
    fields: BTreeMap<String, Field>,
    /// Differences in fields that are too many to be remembered.
    others: u64,
}

impl Report {
    /// Takes the answers to one request; `show` says how a value may be shown.
    pub(crate) fn take(
        &mut self,
        answer: &Fields,
        again: Option<&Fields>,
        candidate: &Fields,
        show: impl Fn(String) -> String,
    ) {
        self.compared += 1;
        self.with_noise += u64::from(again.is_some());
        let differing = answer.against(candidate);
        let mut noise = again.map(|again| answer.against(again)).unwrap_or_default();
        for (name, (old, new)) in differing {
            let is_noise = noise.remove(&name).is_some();
            let Some(field) = self.field(name) else { continue };
            if is_noise {
                field.both += 1;
                continue;
            }
            field.only_candidate += 1;
            if field.examples.len() < EXAMPLES_MAX {
                field.examples.push((old.map(&show), new.map(&show)));
            }
        }
        for name in noise.into_keys() {
            if let Some(field) = self.field(name) {
                field.only_again += 1;
            }
        }
    }

    fn field(&mut self, name: String) -> Option<&mut Field> {
        if self.fields.len() >= FIELDS_MAX && !self.fields.contains_key(&name) {
            self.others += 1;
            return None;
        }
        Some(self.fields.entry(name).or_default())
    }

    /// Answers that have been compared.
    pub(crate) const fn compared(&self) -> u64 {
        self.compared
    }

    /// Fields in which the candidate really differs.
    pub(crate) fn real(&self) -> usize {
        self.fields.values().filter(|field| field.is_real()).count()
    }

    /// For people.
    pub(crate) fn told(&self) -> Value {
        let of = |real: bool| -> Value {
            let fields = self.fields.iter().filter(|(_, field)| field.is_real() == real);
            fields.map(|(name, field)| field.told(name)).collect()
        };
        json!({
            "compared": self.compared,
            "noise_subtracted_in": self.with_noise,
            "real": of(true),
            "noise": of(false),
            "differences_in_other_fields": self.others,
        })
    }
}

#[cfg(test)]
mod tests;
