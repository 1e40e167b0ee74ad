//! The command line as `cargo bench` and people write it.

use super::*;

fn parse(words: &[&str]) -> Result<Options, clap::Error> {
    Options::try_parse_from(std::iter::once("store").chain(words.iter().copied()))
}

#[test]
fn what_cargo_bench_adds_is_accepted() {
    assert_eq!(parse(&["append", "--bench"]).expect("fine").case.as_deref(), Some("append"));
}

#[test]
fn three_runs_unless_told() {
    assert_eq!(parse(&[]).expect("fine").rounds(), 3);
    assert_eq!(parse(&["--runs", "5"]).expect("fine").rounds(), 5);
    assert_eq!(parse(&["--quick"]).expect("fine").rounds(), 1);
}

#[test]
fn fewer_than_three_runs_are_refused() {
    assert!(parse(&["--runs", "2"]).is_err());
    assert!(parse(&["--runs", "102"]).is_err());
}
