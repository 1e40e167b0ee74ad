//! Which steps there are, on which machine.

use super::*;

fn bare() -> Programs {
    Programs::made_up(&[])
}

fn alone(steps: &[Step], name: &str) -> String {
    steps.iter().find(|step| step.name == name).expect("a step").alone()
}

#[test]
fn the_steps_run_cheap_ones_first() {
    let names: Vec<_> = all(&bare(), &[], 1).iter().map(|step| step.name).collect();
    assert_eq!(
        names,
        ["needs", "fmt", "clippy", "tidy", "nextest", "doctests", "docs", "torture", "deny"]
    );
}

#[test]
fn tortures_run_shortly_and_repeatably() {
    let torture = Program { package: "ondol-store-disk".into(), name: "store-torture".into() };
    let line = alone(&all(&bare(), &[torture], 42), "torture");
    assert_eq!(line, "cargo xtask torture --short --seed 42");
}

#[test]
fn what_is_not_there_is_skipped_with_a_reason() {
    let steps = all(&bare(), &[], 1);
    let skipped: Vec<_> = steps.iter().filter(|step| matches!(step.work, Work::Skip(_))).collect();
    assert_eq!(skipped.iter().map(|step| step.name).collect::<Vec<_>>(), ["torture", "deny"]);
}

#[test]
fn only_the_named_steps_run() {
    let only = ["tidy".to_owned(), "fmt".to_owned()];
    let chosen = choose(all(&bare(), &[], 1), &only).expect("known");
    assert_eq!(chosen.iter().map(|step| step.name).collect::<Vec<_>>(), ["fmt", "tidy"]);
}

#[test]
fn a_misspelt_step_is_guessed() {
    let error = choose(all(&bare(), &[], 1), &["doctest".to_owned()]).expect_err("misspelt");
    assert_eq!(error.to_string(), "there is no step `doctest`; did you mean `doctests`?");
}
