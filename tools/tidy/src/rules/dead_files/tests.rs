//! Files that are reached, and files that are not.

use super::*;
use crate::rules::made_up::workspace;

#[test]
fn modules_below_modules_are_reached() {
    let good = workspace()
        .file("bank/domain/src/account.rs", "//! A.\nmod book;\n#[cfg(test)]\nmod tests;\n")
        .file(
            "bank/domain/src/account/book.rs",
            "//! B.\n#[path = \"odd/ledger.rs\"]\nmod ledger;\n",
        )
        .file("bank/domain/src/account/odd/ledger.rs", "//! C.\n")
        .file("bank/domain/src/account/tests.rs", "//! D.\n");
    assert!(good.findings("dead-files").is_empty(), "{:?}", good.findings("dead-files"));
}

#[test]
fn a_declaration_in_a_comment_reaches_nothing() {
    let broken = workspace().edit("bank/domain/src/lib.rs", "mod account;", "// mod account;");
    assert_eq!(
        broken.findings("dead-files"),
        [
            "bank/domain/src/account.rs:1: no target reaches it: declare it, or delete it [dead-files]"
        ]
    );
}

#[test]
fn a_file_beside_its_module_is_not_in_it() {
    // account.rs declares book, but book.rs lies beside it instead of below it.
    let broken = workspace()
        .file("bank/domain/src/account.rs", "//! A.\nmod book;\n")
        .file("bank/domain/src/book.rs", "//! B.\n");
    assert_eq!(broken.findings("dead-files").len(), 1);
}

#[test]
fn paths_are_resolved() {
    assert_eq!(resolved("docs/adr", "../errors/./gone.md"), "docs/errors/gone.md");
    assert_eq!(resolved("", "README.md"), "README.md");
}
