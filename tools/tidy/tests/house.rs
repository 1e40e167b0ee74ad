//! The rules held against the house itself. That each of them bites is shown beside the rules.

use std::sync::LazyLock;

use tidy::{Workspace, rules};

static HOUSE: LazyLock<Workspace> =
    LazyLock::new(|| tidy::load().expect("the workspace can be read"));

/// Fails with every finding of a rule.
fn holds(name: &str) {
    let rule = rules::ALL.iter().find(|rule| rule.name == name).expect("a rule of this name");
    let findings = rule.check(&HOUSE);
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}:\n{}", rule.sentence, lines.join("\n"));
}

#[test]
fn the_workspace_keeps_its_layers() {
    holds("layers");
}

#[test]
fn pure_crates_are_pure() {
    holds("purity");
}

#[test]
fn members_take_their_settings_from_the_workspace() {
    holds("manifests");
}

#[test]
fn files_and_functions_fit_into_a_head() {
    holds("size");
}

#[test]
fn every_file_says_what_it_is() {
    holds("module-docs");
}

#[test]
fn modules_are_called_after_themselves() {
    holds("mod-files");
}

#[test]
fn every_file_is_reached() {
    holds("dead-files");
}

#[test]
fn names_say_what_things_do() {
    holds("names");
}

#[test]
fn nothing_is_left_for_later() {
    holds("unfinished");
}

#[test]
fn exceptions_give_their_reasons() {
    holds("exceptions");
}

#[test]
fn tests_are_honest() {
    holds("honest-tests");
}

#[test]
fn the_documents_are_there() {
    holds("required");
}

#[test]
fn the_map_is_the_house() {
    holds("map");
}

#[test]
fn decisions_are_whole_and_enforced() {
    holds("decisions");
}

#[test]
fn error_codes_have_pages_and_pages_have_codes() {
    holds("error-codes");
}

#[test]
fn links_lead_somewhere() {
    holds("links");
}

#[test]
fn commands_in_documents_exist() {
    holds("commands");
}

#[test]
fn every_rule_is_held_against_the_house() {
    let this = include_str!("house.rs");
    let missing: Vec<_> = rules::ALL
        .iter()
        .filter(|rule| !this.contains(&format!("holds(\"{}\")", rule.name)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
