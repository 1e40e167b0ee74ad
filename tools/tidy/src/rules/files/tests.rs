//! Files that begin wrongly.

use crate::rules::made_up::workspace;

const PATH: &str = "bank/domain/src/account.rs";

#[test]
fn a_file_begins_with_what_it_is() {
    let silent = |text: &str| workspace().file(PATH, text).findings("module-docs").len();
    assert_eq!(silent("//! An account.\n"), 0);
    assert_eq!(silent("#![no_std]\n\n//! An account.\n"), 0);
    for text in ["", "//!\n", "// An account.\n", "use a;\n//! Late.\n"] {
        assert_eq!(silent(text), 1, "{text}");
    }
}

#[test]
fn tests_have_no_mod_files_either() {
    let broken = workspace().file("bank/domain/tests/setup/mod.rs", "//! Setup.\n");
    assert_eq!(broken.findings("mod-files").len(), 1);
}
