//! Codes without pages, pages without codes.

use crate::rules::made_up::workspace;

const PATH: &str = "bank/domain/src/errors.rs";

#[test]
fn a_code_has_a_page() {
    let broken = workspace().edit(PATH, "\"gone\"", "\"gone\", _ => \"bank.closed\"");
    assert_eq!(
        broken.findings("error-codes"),
        [format!(
            "{PATH}:4: the error code `bank.closed` has no page in docs/errors [error-codes]"
        )]
    );
}

#[test]
fn a_page_has_a_code() {
    let page = workspace().text("docs/errors/gone.md").expect("a page").to_owned();
    let broken = workspace().file("docs/errors/lost.md", &page);
    assert_eq!(
        broken.findings("error-codes"),
        ["docs/errors/lost.md:1: no error has the code `lost` [error-codes]"]
    );
    assert!(
        workspace().file("docs/errors/README.md", "# Errors\n").findings("error-codes").is_empty()
    );
}

#[test]
fn a_page_tells_what_to_do() {
    let broken =
        workspace().edit("docs/errors/gone.md", "## What to do\nStop.\n", "## What to do\n");
    assert_eq!(
        broken.findings("error-codes"),
        ["docs/errors/gone.md:1: it does not tell `## What to do` [error-codes]"]
    );
}

#[test]
fn other_functions_of_this_name_are_left_alone() {
    let good = workspace()
        .file("bank/domain/src/account.rs", "//! A.\nfn code(&self) -> &str { \"KRW\" }\n");
    assert!(good.findings("error-codes").is_empty());
}

#[test]
fn a_code_is_plain() {
    let broken = workspace().edit(PATH, "\"gone\"", "\"gone\", _ => \"Bank closed\"");
    assert!(broken.findings("error-codes").iter().any(|found| found.contains("is not lower case")));
}
