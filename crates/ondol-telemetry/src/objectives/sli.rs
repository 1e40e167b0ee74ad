//! How many requests there were that an objective is about, and how many of them were good, as
//! `/metrics` says.

use std::time::Duration;

use ondol_http::REQUEST_SECONDS;

use super::{Counts, Objective};
use crate::exposition::{Sample, families};

/// What `/metrics` says of an objective.
pub fn counts(said: &str, objective: &Objective) -> Counts {
    let families = families(said);
    let samples = families.iter().filter(|family| family.name == REQUEST_SECONDS);
    let samples = samples.flat_map(|family| &family.samples);
    let about = samples.filter(|sample| is_about(sample, objective));
    let le = objective.within_ms.map(|ms| Duration::from_millis(ms).as_secs_f64().to_string());
    let mut counts = Counts::default();
    for sample in about {
        let is_ours = label(sample, "http_response_status_code").starts_with('5');
        let end = sample.name.strip_prefix(REQUEST_SECONDS).unwrap_or_default();
        let value = whole(sample.value);
        match (end, &le) {
            ("_count", None) => {
                counts.all += value;
                counts.good += if is_ours { 0 } else { value };
            }
            ("_count", Some(_)) => counts.all += value,
            // What failed was not good, however quickly it did.
            ("_bucket", Some(le)) if !is_ours && label(sample, "le") == le => counts.good += value,
            _ => {}
        }
    }
    counts
}

fn is_about(sample: &Sample<'_>, objective: &Objective) -> bool {
    let is = |name: &str, wanted: &Option<String>| {
        wanted.as_ref().is_none_or(|wanted| label(sample, name) == wanted)
    };
    is("http_route", &objective.route) && is("http_request_method", &objective.method)
}

fn label<'a>(sample: &'a Sample<'_>, name: &str) -> &'a str {
    let found = sample.labels.iter().find(|(label, _)| *label == name);
    found.map_or("", |(_, value)| value)
}

fn whole(value: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count is whole, and what is not is cut to what is"
    )]
    let whole = value as u64;
    whole
}
