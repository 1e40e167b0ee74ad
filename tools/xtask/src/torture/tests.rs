//! The commands a torture is run, and repeated, with.

use serde_json::json;

use super::*;

fn program() -> Program {
    Program { package: "store-proof".into(), name: "store-torture".into() }
}

fn town() -> Workspace {
    let bins =
        ["saga-torture", "bank-torture"].map(|name| json!({ "kind": ["bin"], "name": name }));
    let ondol = json!({ "torture": ["saga-torture"], "long-torture": ["bank-torture"] });
    Workspace::made_up(
        &json!([{ "name": "saga-proof", "targets": bins, "metadata": { "ondol": ondol } }]),
    )
}

fn chosen(options: &Torture) -> Vec<String> {
    let chosen = choose(&town(), options).expect("known");
    chosen.into_iter().map(|program| program.name).collect()
}

#[test]
fn a_torture_gets_its_length_and_seed() {
    let options = Torture { minutes: 3, ..Torture::default() };
    assert_eq!(
        command(&town(), &program(), &options, 7).to_string(),
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
fn long_tortures_are_left_out_of_short_runs_unless_named() {
    let short = Torture { short: true, ..Torture::default() };
    assert_eq!(chosen(&short), ["saga-torture"]);
    assert_eq!(chosen(&Torture { name: Some("bank-torture".into()), ..short }), ["bank-torture"]);
    assert_eq!(chosen(&Torture::default()), ["saga-torture", "bank-torture"]);
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
