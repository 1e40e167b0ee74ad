//! Maps of houses that are not there.

use crate::rules::made_up::workspace;

#[test]
fn a_room_that_is_gone_is_not_on_the_map() {
    let broken = workspace().edit(
        "ARCHITECTURE.md",
        "### ondol-store",
        "### ondol-cellar\nDark.\n### ondol-store",
    );
    assert_eq!(
        broken.findings("map"),
        ["ARCHITECTURE.md:5: `ondol-cellar` is on the map and does not exist [map]"]
    );
}

#[test]
fn something_is_said_of_every_room() {
    let broken = workspace().edit("ARCHITECTURE.md", "The log.\n", "");
    assert_eq!(
        broken.findings("map"),
        ["ARCHITECTURE.md:5: nothing is said of `ondol-store` [map]"]
    );
}

#[test]
fn an_invariant_names_a_test_that_exists() {
    let lost = workspace().edit("ARCHITECTURE.md", "`money_is_conserved`", "`money_is_made`");
    assert_eq!(
        lost.findings("map"),
        ["ARCHITECTURE.md:10: `money_is_made` is no test, lint, rule, file or crate [map]"]
    );
    let silent = workspace().edit("ARCHITECTURE.md", "*kept by* `money_is_conserved`", "surely");
    assert_eq!(
        silent.findings("map"),
        ["ARCHITECTURE.md:10: it does not say what it is kept by [map]"]
    );
}

#[test]
fn the_reason_may_name_what_it_likes() {
    let good = workspace().edit("ARCHITECTURE.md", "nothing makes any", "`anything` may be said");
    assert!(good.findings("map").is_empty());
}

#[test]
fn both_sections_are_there() {
    let broken = workspace().edit("ARCHITECTURE.md", "## Invariants", "## Promises");
    assert_eq!(
        broken.findings("map"),
        ["ARCHITECTURE.md:1: there is no section `## Invariants` [map]"]
    );
    let empty = workspace().edit("ARCHITECTURE.md", "- **Money", "**Money");
    assert_eq!(empty.findings("map"), ["ARCHITECTURE.md:9: no invariant is stated [map]"]);
}
