//! Readmes that are too long or say too little.

use crate::rules::made_up::workspace;

#[test]
fn a_readme_has_at_most_150_lines() {
    let long = |lines| {
        workspace().edit("README.md", "# House\n", &"line\n".repeat(lines)).findings("required")
    };
    assert!(long(149).is_empty());
    assert_eq!(long(150), ["README.md:151: 151 lines; at most 150 [required]"]);
}

#[test]
fn both_readmes_say_how_to_start() {
    let silent = workspace().edit("README.ko.md", "cargo xtask up", "cargo run");
    assert_eq!(
        silent.findings("required"),
        ["README.ko.md:1: it does not show `cargo xtask up` [required]"]
    );
}

#[test]
fn an_empty_document_is_missing() {
    assert_eq!(workspace().file("CHANGELOG.md", "\n").findings("required").len(), 1);
}
