//! Manifests with a will of their own.

use crate::rules::made_up::workspace;

const PATH: &str = "bank/domain/Cargo.toml";

#[test]
fn versions_come_from_the_workspace() {
    let own = workspace().edit(PATH, "[lints]", "[dependencies]\nserde = \"1\"\n[lints]");
    assert_eq!(
        own.findings("manifests"),
        ["bank/domain/Cargo.toml:1: `serde` does not come from the workspace [manifests]"]
    );
    let inherited = workspace().edit(
        PATH,
        "[lints]",
        "[dev-dependencies]\nserde = { workspace = true, features = [] }\n[lints]",
    );
    assert!(inherited.findings("manifests").is_empty());
}

#[test]
fn the_edition_is_the_workspaces() {
    let own = workspace().edit(PATH, "edition.workspace = true", "edition = \"2021\"");
    assert_eq!(
        own.findings("manifests"),
        ["bank/domain/Cargo.toml:1: `edition.workspace = true` is missing [manifests]"]
    );
}

#[test]
fn a_crate_says_what_it_is() {
    let silent = workspace().edit(PATH, "description = \"x\"\n", "");
    assert_eq!(
        silent.findings("manifests"),
        ["bank/domain/Cargo.toml:1: a description is missing [manifests]"]
    );
}

#[test]
fn a_crate_may_name_itself_for_its_tests() {
    let own = "[dev-dependencies]\nbank-domain = { path = \".\", features = [\"x\"] }\n[lints]";
    assert!(workspace().edit(PATH, "[lints]", own).findings("manifests").is_empty());
}
