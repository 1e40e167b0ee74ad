//! Commands nobody can type.

use crate::rules::made_up::workspace;

fn findings(line: &str) -> Vec<String> {
    let mut workspace = workspace().file("docs/guide.md", &format!("# Guide\n{line}\n"));
    workspace.members[1].benches.push("store".to_owned());
    workspace.findings("commands")
}

#[test]
fn known_commands_are_fine() {
    for line in [
        "`cargo xtask up` and then `cargo xtask test --only STEP`",
        "```sh\ncargo xtask test # everything\n```",
        "`cargo xtask bench store`, `cargo xtask bench [NAME]`, `cargo xtask test, and more`",
        "`cargo test -p bank-domain`",
        "the commands of `cargo xtask`",
    ] {
        assert!(findings(line).is_empty(), "{line}: {:?}", findings(line));
    }
}

#[test]
fn unknown_commands_options_benches_and_packages_are_found() {
    for (line, message) in [
        ("`cargo xtask land`", "there is no `cargo xtask land`"),
        ("`cargo xtask test --fast`", "`cargo xtask test` has no option `--fast`"),
        ("`cargo xtask bench stoer`", "no crate registers the bench `stoer`"),
        ("`cargo run -p bank`", "there is no package `bank`"),
        ("```sh\ncargo xtask land\n```", "there is no `cargo xtask land`"),
    ] {
        let found = findings(line);
        assert!(found.len() == 1 && found[0].contains(message), "{line}: {found:?}");
    }
}
