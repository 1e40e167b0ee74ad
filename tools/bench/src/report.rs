//! The report a person reads.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use crate::bench::Bench;
use crate::machine::{self, Machine};
use crate::rounds::Measurements;

/// The lines above the figures: where, how built, how measured.
pub(crate) fn header(bench: &Bench<'_>, machine: &Machine) -> String {
    let Machine { cpu, cores, memory, kernel, load, disk } = machine;
    let place = format!("{cpu} · {cores} cores · {memory} · {kernel} · load {load}");
    let rounds = bench.options.rounds();
    let runs = match rounds {
        1 => "1 · QUICK: shows that it works, proves nothing".to_owned(),
        _ => format!("{rounds} of each case, compared cases in turns; median (min – max)"),
    };
    let fixed =
        [("machine", place), ("disk", disk.clone()), ("build", machine::build().to_owned())];
    let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), value));
    let lines: Vec<_> =
        fixed.chain(bench.settings.iter().cloned()).chain([("runs".to_owned(), runs)]).collect();
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = format!("bench {}\n", bench.name);
    for (name, value) in lines {
        line(&mut text, format_args!("  {name:<width$}  {value}"));
    }
    text
}

/// The figures, a line each.
pub(crate) fn table(bench: &Bench<'_>, results: &[Measurements]) -> String {
    let rows: Vec<_> = results.iter().map(|result| row(bench, result)).collect();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = String::new();
    for [case, value, unit, range, ratio] in &rows {
        let [a, b, c, d] = widths;
        let full = format!("  {case:<a$}  {value:>b$} {unit:<c$}  {range:<d$}  {ratio}");
        line(&mut text, format_args!("{}", full.trim_end()));
    }
    text
}

fn row(bench: &Bench<'_>, result: &Measurements) -> [String; 5] {
    let values = &result.values;
    let range = values.min().zip(values.max()).filter(|_| bench.options.rounds() > 1);
    let range = range.map(|(min, max)| format!("({} – {})", number(min), number(max)));
    let settings =
        bench.cases.iter().find(|case| case.name == result.case).map(|case| &case.settings);
    let settings = settings.into_iter().flatten().map(|(name, value)| format!("{name} {value}"));
    let ratio =
        result.ratios.as_ref().and_then(super::sample::Sample::median).zip(result.against.as_ref());
    let ratio = ratio.map(|(ratio, against)| format!("{ratio:.2} of {against}"));
    let notes: Vec<_> = ratio.into_iter().chain(settings).collect();
    [
        result.case.clone(),
        values.median().map(number).unwrap_or_default(),
        result.unit.clone(),
        range.unwrap_or_default(),
        notes.join(" · "),
    ]
}

/// A run as it ends, for whoever waits.
pub(crate) fn progress(case: &str, round: u16, rounds: u16, value: f64, unit: &str) {
    let text = format!("  {round}/{rounds} {case}: {} {unit}\n", number(value));
    // Nothing is lost when nobody can read the progress; the figures have their own way out.
    io::stderr().write_all(text.as_bytes()).ok();
}

/// Prints to standard output.
pub(crate) fn print(text: &str) -> io::Result<()> {
    io::stdout().write_all(text.as_bytes())
}

/// A figure with as many digits as it deserves: `932,000`, `12.3`, `0.118`.
pub(crate) fn number(value: f64) -> String {
    if value >= 1000.0 {
        return whole(value);
    }
    let decimals = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else if value >= 1.0 {
        2
    } else {
        3
    };
    format!("{value:.decimals$}")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are positive and far below 2^64"
)]
fn whole(value: f64) -> String {
    grouped(value.round() as u64)
}

/// Thousands with commas.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a String takes everything");
}

#[cfg(test)]
mod tests;
