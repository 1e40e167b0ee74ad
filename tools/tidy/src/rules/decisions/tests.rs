//! Decisions with holes.

use crate::rules::made_up::workspace;

const PATH: &str = "docs/adr/0001-money-is-whole.md";

#[test]
fn a_decision_is_in_the_index() {
    let broken = workspace().file("docs/adr/README.md", "# Decisions\n");
    assert_eq!(
        broken.findings("decisions"),
        ["docs/adr/README.md:1: it does not link 0001-money-is-whole.md [decisions]"]
    );
    assert_eq!(workspace().without("docs/adr/README.md").findings("decisions").len(), 1);
}

#[test]
fn numbers_have_no_gaps_and_are_used_once() {
    let text = workspace().text(PATH).expect("a decision").to_owned();
    let index = "# Decisions\n[1](0001-money-is-whole.md) [3](0003-x.md) [1](0001-again.md)\n";
    for path in ["docs/adr/0003-x.md", "docs/adr/0001-again.md"] {
        let broken = workspace().file(path, &text).file("docs/adr/README.md", index);
        assert_eq!(
            broken.findings("decisions").len(),
            1,
            "{path}: {:?}",
            broken.findings("decisions")
        );
    }
}

#[test]
fn a_section_is_not_empty() {
    let broken = workspace().edit(PATH, "Integers.\n", "");
    assert_eq!(
        broken.findings("decisions"),
        [format!("{PATH}:4: `Decision` is empty [decisions]")]
    );
}

#[test]
fn alternatives_stand_in_a_table() {
    let broken = workspace().edit(PATH, "| a | b |", "a or b");
    assert_eq!(
        broken.findings("decisions"),
        [format!("{PATH}:6: the alternatives belong in a table [decisions]")]
    );
}

#[test]
fn what_enforces_a_decision_exists() {
    let broken = workspace().edit(PATH, "`money_is_conserved`", "`goodwill`");
    assert_eq!(
        broken.findings("decisions"),
        [format!("{PATH}:10: `goodwill` is no test, lint, rule, file or crate [decisions]")]
    );
}

#[test]
fn a_house_without_decisions_is_young() {
    let young = workspace().without(PATH).without("docs/adr/README.md");
    assert!(young.findings("decisions").is_empty());
}
