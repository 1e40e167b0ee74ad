//! The turns: who runs when, and what came of it.
//!
//! Cases that are compared, directly or through another, form a group. A group runs round by round,
//! each case once a round in the order they were written, so that neighbours share the machine's mood.

use std::collections::HashSet;

use crate::bench::{Bench, Fault, Measured, Registered, RunError, SETTINGS_REQUIRED};
use crate::figure::Figure;
use crate::report;
use crate::sample::Sample;

/// One figure over all rounds.
#[derive(Debug)]
pub(crate) struct Measurements {
    pub(crate) case: String,
    pub(crate) unit: String,
    pub(crate) values: Sample,
    pub(crate) ratios: Option<Sample>,
    pub(crate) against: Option<String>,
}

impl Measurements {
    /// As it is written for machines; nothing without a value.
    pub(crate) fn figure(&self, bench: &Bench<'_>) -> Option<Figure> {
        let ratio = self.ratios.as_ref().and_then(Sample::median);
        Some(Figure {
            bench: bench.name.clone(),
            case: self.case.clone(),
            value: self.values.median()?,
            unit: self.unit.clone(),
            ratio,
            against: self.against.clone(),
            quick: bench.options.quick,
        })
    }
}

/// All that is wrong with the program's description of itself.
pub(crate) fn check(bench: &Bench<'_>) -> Result<(), RunError> {
    let mut problems: Vec<_> = bench.cases.iter().flat_map(|case| of_case(bench, case)).collect();
    let mut names = HashSet::new();
    let twice = bench.cases.iter().filter(|case| !names.insert(&case.name));
    problems.extend(twice.map(|case| format!("two cases are called `{}`", case.name)));
    if chosen(bench).is_empty() {
        problems.push(match &bench.options.case {
            Some(part) => format!("no case contains `{part}`; there are: {}", listed(bench)),
            None => "it has no cases".to_owned(),
        });
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(RunError::Invalid { bench: bench.name.clone(), problems })
}

fn listed(bench: &Bench<'_>) -> String {
    let names: Vec<_> = bench.cases.iter().map(|case| format!("`{}`", case.name)).collect();
    names.join(", ")
}

fn of_case(bench: &Bench<'_>, case: &Registered<'_>) -> Vec<String> {
    let said = |name: &str| {
        bench.settings.iter().chain(&case.settings).any(|(setting, _)| setting == name)
    };
    let mut problems: Vec<_> = SETTINGS_REQUIRED
        .into_iter()
        .filter(|name| !said(name))
        .map(|name| format!("case `{}` does not say its {name}", case.name))
        .collect();
    if case.unit.is_empty() {
        problems.push(format!("case `{}` has no unit", case.name));
    }
    if let Some(against) = &case.against {
        problems.extend(of_comparison(bench, case, against));
    }
    problems
}

fn of_comparison(bench: &Bench<'_>, case: &Registered<'_>, against: &str) -> Option<String> {
    match bench.cases.iter().find(|other| other.name == against) {
        None => {
            Some(format!("case `{}` is compared with `{against}`, which does not exist", case.name))
        }
        Some(_) if goes_round(bench, case) => {
            Some(format!("case `{}` is compared with itself, through `{against}`", case.name))
        }
        Some(other) if other.unit != case.unit => {
            Some(format!("case `{}` compares {} with {}", case.name, case.unit, other.unit))
        }
        Some(_) => None,
    }
}

fn goes_round(bench: &Bench<'_>, case: &Registered<'_>) -> bool {
    let next = |name: &str| {
        let found = bench.cases.iter().find(|case| case.name == name);
        found.and_then(|case| case.against.as_deref())
    };
    let followed = std::iter::successors(case.against.as_deref(), |name| next(name));
    followed.take(bench.cases.len()).any(|name| name == case.name)
}

/// The case at the end of the comparisons: one for each group. Nothing when they go round in a circle.
fn root<'b>(bench: &'b Bench<'_>, name: &'b str) -> Option<&'b str> {
    let mut name = name;
    for _ in 0..=bench.cases.len() {
        let case = bench.cases.iter().find(|case| case.name == name)?;
        match &case.against {
            None => return Some(name),
            Some(against) => name = against,
        }
    }
    None
}

/// The places of the cases that were asked for, and of all they are compared with.
fn chosen(bench: &Bench<'_>) -> Vec<usize> {
    let part = bench.options.case.as_deref().unwrap_or_default();
    let mut names = HashSet::new();
    for case in bench.cases.iter().filter(|case| case.name.contains(part)) {
        let mut next = Some(case.name.as_str());
        while let Some(name) = next.filter(|name| names.insert(*name)) {
            let found = bench.cases.iter().find(|case| case.name == name);
            next = found.and_then(|case| case.against.as_deref());
        }
    }
    let places = 0..bench.cases.len();
    places.filter(|&place| names.contains(bench.cases[place].name.as_str())).collect()
}

/// The chosen cases as groups, in the order they were written.
fn groups(bench: &Bench<'_>) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Option<&str>, Vec<usize>)> = Vec::new();
    for place in chosen(bench) {
        let root = root(bench, &bench.cases[place].name);
        match groups.iter_mut().find(|(known, _)| *known == root) {
            Some((_, members)) => members.push(place),
            None => groups.push((root, vec![place])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// Runs everything that was chosen.
pub(crate) fn measure(bench: &mut Bench<'_>) -> Result<Vec<Measurements>, RunError> {
    let mut results = Vec::new();
    let rounds = bench.options.rounds();
    for group in groups(bench) {
        for round in 1..=rounds {
            for &place in &group {
                let case = &mut bench.cases[place];
                let measured = run_once(case, round)?;
                report::progress(&case.name, round, rounds, measured.value, &case.unit);
                keep(&mut results, case, measured);
            }
        }
    }
    compare(&mut results);
    Ok(results)
}

fn run_once(case: &mut Registered<'_>, round: u16) -> Result<Measured, RunError> {
    let failed = |source: Fault| RunError::Case { case: case.name.clone(), round, source };
    let measured = (case.body)().map_err(failed)?;
    let figures = std::iter::once(measured.value).chain(measured.also.iter().map(|also| also.2));
    match figures.into_iter().find(|value| !value.is_finite() || *value < 0.0) {
        Some(value) => Err(failed(format!("{value} is not a figure").into())),
        None => Ok(measured),
    }
}

fn keep(results: &mut Vec<Measurements>, case: &Registered<'_>, measured: Measured) {
    push(results, &case.name, &case.unit, case.against.clone(), measured.value);
    for (name, unit, value) in measured.also {
        // The same figure of the case this one is compared with, when that brings it home too.
        let against = case.against.as_ref().map(|against| format!("{against} {name}"));
        push(results, &format!("{} {name}", case.name), &unit, against, value);
    }
}

fn push(
    results: &mut Vec<Measurements>,
    case: &str,
    unit: &str,
    against: Option<String>,
    value: f64,
) {
    if let Some(known) = results.iter_mut().find(|known| known.case == case) {
        known.values.push(value);
        return;
    }
    let mut values = Sample::default();
    values.push(value);
    results.push(Measurements {
        case: case.to_owned(),
        unit: unit.to_owned(),
        values,
        ratios: None,
        against,
    });
}

fn compare(results: &mut [Measurements]) {
    for place in 0..results.len() {
        let Some(against) = &results[place].against else { continue };
        let other = results
            .iter()
            .find(|other| other.case == *against && other.unit == results[place].unit);
        let ratios = other.map(|other| results[place].values.over(&other.values));
        if ratios.is_none() {
            results[place].against = None;
        }
        results[place].ratios = ratios;
    }
}
