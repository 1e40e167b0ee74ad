//! Noise, chance, and differences planted among them.

use bytes::Bytes;
use ondol_doors::{Rng, SeededRng};
use proptest::prelude::*;

use super::super::compare::{Answer, Fields};
use super::{FIELDS_MAX, Report};

fn fields(body: &str) -> Fields {
    let body = Some(Bytes::from(body.to_owned()));
    Fields::of(&Answer { status: "200".to_owned(), body, ..Answer::default() }, &[], &[])
}

fn real(report: &Report) -> Vec<String> {
    let told = report.told();
    let real = told["real"].as_array().expect("a list");
    real.iter().map(|field| field["field"].as_str().expect("a name").to_owned()).collect()
}

/// What a build answers: an id and a coin of its own, and a price that may be wrong.
fn build(rng: &SeededRng, wrong: bool) -> Fields {
    let (id, coin) = (rng.number(), rng.below(2));
    let price = if wrong { 11 } else { 10 };
    fields(&format!(r#"{{"id":"{id}","coin":{coin},"price":{price}}}"#))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn builds_that_are_alike_differ_in_nothing_whatever_chance_does(seed in any::<u64>()) {
        let rng = SeededRng::new(seed);
        let mut report = Report::default();
        for _ in 0..300 {
            let (a, b, c) = (build(&rng, false), build(&rng, false), build(&rng, false));
            report.take(&a, Some(&b), &c, |value| value);
        }
        prop_assert_eq!(real(&report), Vec::<String>::new());
    }

    #[test]
    fn a_difference_that_shows_once_in_a_while_is_found_among_the_noise(seed in any::<u64>()) {
        let rng = SeededRng::new(seed);
        let mut report = Report::default();
        for number in 0..300 {
            let (a, b) = (build(&rng, false), build(&rng, false));
            report.take(&a, Some(&b), &build(&rng, number % 50 == 7), |value| value);
        }
        prop_assert_eq!(real(&report), ["$.price"]);
    }

    #[test]
    fn a_difference_within_what_is_noisy_is_found_when_it_is_more_than_noise(seed in any::<u64>()) {
        let rng = SeededRng::new(seed);
        let coin = |heads: u64| fields(&format!(r#"{{"coin":{}}}"#, u8::from(rng.below(100) < heads)));
        let mut report = Report::default();
        for _ in 0..600 {
            report.take(&coin(10), Some(&coin(10)), &coin(60), |value| value);
        }
        prop_assert_eq!(real(&report), ["$.coin"]);
    }
}

#[test]
fn without_a_second_copy_every_difference_is_told_as_real() {
    let mut report = Report::default();
    report.take(&fields(r#"{"at":1}"#), None, &fields(r#"{"at":2}"#), |value| value);
    assert_eq!(real(&report), ["$.at"]);
    assert_eq!(report.told()["noise_subtracted_in"], 0);
}

#[test]
fn fields_and_examples_are_bounded_and_values_shown_as_they_may_be() {
    let mut report = Report::default();
    for number in 0..FIELDS_MAX + 10 {
        let body = format!(r#"{{"k{number}":"secret"}}"#);
        for _ in 0..5 {
            report.take(&fields(&body), None, &fields(r#"{"k":0}"#), |_| "…".to_owned());
        }
    }
    let told = report.told();
    assert!(real(&report).len() <= FIELDS_MAX);
    assert!(told["differences_in_other_fields"].as_u64() > Some(0));
    assert!(
        told["real"].as_array().expect("a list").iter().all(|it| it["examples"]
            .as_array()
            .expect("examples")
            .len()
            <= 3)
    );
    assert!(!told.to_string().contains("secret"));
}
