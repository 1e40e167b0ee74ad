//! The commands a torture is run, and repeated, with.

use super::*;

fn program() -> Program {
    Program { package: "ondol-store-disk".into(), name: "store-torture".into() }
}

#[test]
fn a_torture_gets_its_length_and_seed() {
    let options = Torture { minutes: 3, ..Torture::default() };
    assert_eq!(
        command(&program(), &options, 7).to_string(),
        "cargo run --quiet --release --package ondol-store-disk --bin store-torture -- --minutes 3 --seed 7"
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
