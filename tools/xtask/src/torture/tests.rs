//! The commands a torture is run, and repeated, with.

use serde_json::json;

use super::*;

fn program() -> Program {
    Program { package: "store-proof".into(), name: "store-torture".into() }
}

#[test]
fn a_torture_gets_its_length_and_seed() {
    let options = Torture { minutes: 3, ..Torture::default() };
    assert_eq!(
        command(&Workspace::made_up(&json!([])), &program(), &options, 7).to_string(),
        "/target/torture/store-torture --minutes 3 --seed 7"
    );
}

#[test]
fn tortures_are_built_at_once() {
    let other = Program { package: "saga-proof".into(), name: "saga-torture".into() };
    assert_eq!(
        build(&[program(), other]).to_string(),
        "cargo build --quiet --profile torture --package store-proof --bin store-torture \
         --package saga-proof --bin saga-torture"
    );
}

#[test]
fn a_broken_torture_can_be_repeated_from_its_seed() {
    let options = Torture { short: true, ..Torture::default() };
    assert_eq!(
        again(&program(), &options, 7).to_string(),
        "cargo xtask torture store-torture --short --seed 7"
    );
}

#[test]
fn seeds_are_fresh() {
    assert_ne!(fresh_seed(), fresh_seed());
}
