//! Bars that hold, fall short, and were never measured.

use super::*;

const TEXT: &str = r#"
    [[bar]]
    bench = "store"
    case = "append"
    at_least = 0.6
    of = "ratio"
    why = "close to the limit of the disk"

    [[bar]]
    bench = "store"
    case = "append p99"
    at_most = 20
    of = "value"
    why = "a person does not notice it"
"#;

fn figure(case: &str, value: f64, ratio: Option<f64>) -> Figure {
    let against = ratio.map(|_| "raw limit".to_owned());
    let (bench, unit) = ("store".to_owned(), "events/s".to_owned());
    Figure { bench, case: case.to_owned(), value, unit, ratio, against, quick: false }
}

fn outcomes(figures: &[Figure], ran: &[&str]) -> Vec<Outcome> {
    let bars = Bars::parse(TEXT).expect("two bars");
    bars.check(figures, ran).iter().map(|verdict| verdict.outcome).collect()
}

#[test]
fn a_bar_that_is_reached_is_met() {
    let figures = [figure("append", 9.0, Some(0.6)), figure("append p99", 20.0, None)];
    assert_eq!(outcomes(&figures, &["store"]), [Outcome::Met, Outcome::Met]);
}

#[test]
fn a_figure_on_the_wrong_side_falls_short() {
    let figures = [figure("append", 9.0, Some(0.59)), figure("append p99", 20.1, None)];
    let outcomes = outcomes(&figures, &["store"]);
    assert_eq!(outcomes, [Outcome::Short, Outcome::Short]);
    assert!(outcomes.into_iter().all(Outcome::is_failure));
}

#[test]
fn a_bar_whose_bench_ran_without_measuring_it_fails() {
    let figures = [figure("append", 9.0, None)];
    let outcomes = outcomes(&figures, &["store"]);
    assert_eq!(outcomes, [Outcome::NotMeasured, Outcome::NotMeasured]);
    assert!(outcomes.into_iter().all(Outcome::is_failure));
}

#[test]
fn a_bar_of_a_bench_that_did_not_run_is_no_failure() {
    let outcomes = outcomes(&[], &["gateway"]);
    assert_eq!(outcomes, [Outcome::NotRun, Outcome::NotRun]);
    assert!(!outcomes.into_iter().any(Outcome::is_failure));
}

#[test]
fn a_quick_figure_meets_no_bar() {
    let quick = Figure { quick: true, ..figure("append", 9.0, Some(1.0)) };
    assert_eq!(outcomes(&[quick], &["store"])[0], Outcome::OnlyQuick);
}

#[test]
fn a_bar_needs_one_goal_and_a_reason() {
    let both = TEXT.replace("at_most = 20", "at_most = 20\nat_least = 1");
    let none = TEXT.replace("at_most = 20", "");
    let silent = TEXT.replace("a person does not notice it", " ");
    for text in [both, none, silent] {
        let Err(BarsError::Invalid(problems)) = Bars::parse(&text) else {
            panic!("must be refused: {text}");
        };
        assert_eq!(problems.len(), 1);
    }
}

#[test]
fn a_misspelt_key_is_refused() {
    let text = TEXT.replace("at_most", "atmost");
    assert!(matches!(Bars::parse(&text), Err(BarsError::Malformed(_))));
}

#[test]
fn a_house_without_bars_is_fine() {
    assert_eq!(Bars::parse("").expect("empty").bars, []);
}
