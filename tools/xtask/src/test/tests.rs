//! Which steps there are, on which machine.

use super::*;

fn bare() -> Programs {
    Programs::made_up(&[])
}

#[test]
fn the_steps_run_cheap_ones_first() {
    let names: Vec<_> = all(&bare()).iter().map(|step| step.name).collect();
    assert_eq!(names, ["needs", "fmt", "clippy", "tidy", "nextest", "doctests", "docs", "deny"]);
}

#[test]
fn what_is_not_there_is_skipped_with_a_reason() {
    let steps = all(&bare());
    let skipped: Vec<_> = steps.iter().filter(|step| matches!(step.work, Work::Skip(_))).collect();
    assert_eq!(skipped.iter().map(|step| step.name).collect::<Vec<_>>(), ["deny"]);
}

#[test]
fn only_the_named_steps_run() {
    let only = ["tidy".to_owned(), "fmt".to_owned()];
    let chosen = choose(all(&bare()), &only).expect("known");
    assert_eq!(chosen.iter().map(|step| step.name).collect::<Vec<_>>(), ["fmt", "tidy"]);
}

#[test]
fn a_misspelt_step_is_guessed() {
    let error = choose(all(&bare()), &["doctest".to_owned()]).expect_err("misspelt");
    assert_eq!(error.to_string(), "there is no step `doctest`; did you mean `doctests`?");
}
