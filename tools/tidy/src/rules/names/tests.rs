//! Names that say nothing.

use crate::rules::made_up::workspace;

#[test]
fn a_crate_is_no_slot() {
    let broken = workspace().with_member("ondol-core", "crates/ondol-core", "engine");
    assert_eq!(
        broken.findings("names"),
        ["crates/ondol-core/Cargo.toml:1: `ondol-core`: `core` says nothing about it [names]"]
    );
}

#[test]
fn a_module_is_no_slot_at_any_depth() {
    for path in [
        "bank/domain/src/common/money.rs",
        "bank/domain/src/session_manager.rs",
        "bank/domain/tests/helpers.rs",
    ] {
        assert_eq!(workspace().file(path, "//! X.\n").findings("names").len(), 1, "{path}");
    }
}

#[test]
fn a_longer_word_is_no_slot() {
    assert!(workspace().file("bank/domain/src/score.rs", "//! X.\n").findings("names").is_empty());
}
