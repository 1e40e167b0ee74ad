//! Made-up workspaces to break.

use crate::finding::Finding;
use crate::workspace::{Dependency, DependencyKind, File, Member, Target, Workspace};

use super::ALL;

const MANIFEST: &str = "[package]\nname = \"x\"\ndescription = \"x\"\nversion.workspace = true\nedition.workspace = true\n\
    rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n[lints]\nworkspace = true\n";
const README: &str = "# House\n`cargo xtask up` shows it, `cargo xtask test` proves it.\n";
const MAP: &str = "# The map\n## Code map\n### bank-domain\nThe bank.\n### ondol-store\nThe log.\n### xtask\nCommands.\n\
    ## Invariants\n- **Money is conserved.** *kept by* `money_is_conserved` *because* nothing makes any.\n";
const DECISION: &str = "# 1. Money is whole\n## Context\n7 systems lost cents.\n## Decision\nIntegers.\n## Alternatives\n\
    | a | b |\n## Consequences\nGood.\n## Enforced by\n`money_is_conserved`\n## Revisit when\nNever.\n";
const PAGE: &str =
    "# gone\n## What happened\nIt left.\n## What you see\n410.\n## What to do\nStop.\n";
const COMMANDS: &str = "//! What can be asked for.\nenum Command {\n    Up(Up),\n    Test(Test),\n    Bench(Bench),\n}\n\
    struct Test {\n    pub(crate) only: Vec<String>,\n}\n";
const LIB: &str = "//! The bank.\nmod account;\nmod errors;\n#[test]\nfn money_is_conserved() {}\n";
const ERRORS: &str = "//! Errors.\nimpl E {\n    fn code(&self) -> &'static str {\n        match self { Self::Gone => \"gone\" }\n    }\n}\n";
const CARGO: &str = "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n[workspace.lints.clippy]\nunwrap_used = \"warn\"\n";

/// A workspace that keeps every rule.
pub(super) fn workspace() -> Workspace {
    let workspace = Workspace::default()
        .with_member("bank-domain", "bank/domain", "domain")
        .with_member("ondol-store", "crates/ondol-store", "port")
        .with_member("xtask", "tools/xtask", "tool")
        .file("bank/domain/src/lib.rs", LIB)
        .file("bank/domain/src/account.rs", "//! An account.\n")
        .file("bank/domain/src/errors.rs", ERRORS)
        .file("crates/ondol-store/src/lib.rs", "//! The log.\n")
        .file("tools/xtask/src/lib.rs", "//! Commands.\nmod commands;\n")
        .file("tools/xtask/src/commands.rs", COMMANDS)
        .file("Cargo.toml", CARGO)
        .file(
            "clippy.toml",
            "disallowed-methods = [{ path = \"std::thread::sleep\", reason = \"hope\" }]\n",
        )
        .file("deny.toml", "[bans]\ndeny = [{ crate = \"openssl\" }]\n")
        .file("README.md", README)
        .file("README.ko.md", README)
        .file("ARCHITECTURE.md", MAP)
        .file("docs/adr/0001-money-is-whole.md", DECISION)
        .file("docs/adr/README.md", "# Decisions\n[1](0001-money-is-whole.md)\n")
        .file("docs/errors/gone.md", PAGE);
    let documents =
        ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];
    documents.into_iter().fold(workspace, |workspace, path| workspace.file(path, "# Words\n"))
}

impl Workspace {
    /// With another member, kept in order.
    pub(super) fn with_member(mut self, name: &str, folder: &str, layer: &str) -> Self {
        let target = Target { path: format!("{folder}/src/lib.rs") };
        let (name, layer) = (name.to_owned(), Some(layer.to_owned()));
        self.members.push(Member {
            name,
            folder: folder.to_owned(),
            layer,
            targets: vec![target],
            ..Member::default()
        });
        self.file(&format!("{folder}/Cargo.toml"), MANIFEST)
    }

    /// With a file, or with another text in it.
    pub(super) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.retain(|file| file.path != path);
        self.files.push(File { path: path.to_owned(), text: text.to_owned() });
        self.files.sort_by(|left, right| left.path.cmp(&right.path));
        self
    }

    /// With something replaced in a file.
    pub(super) fn edit(self, path: &str, from: &str, to: &str) -> Self {
        let text = self.text(path).expect("a file to edit");
        assert!(text.contains(from), "{path} has no {from}");
        let text = text.replace(from, to);
        self.file(path, &text)
    }

    /// Without a file.
    pub(super) fn without(mut self, path: &str) -> Self {
        assert!(self.text(path).is_some(), "no {path} to remove");
        self.files.retain(|file| file.path != path);
        self
    }

    /// With a dependency of a member.
    pub(super) fn depends(mut self, member: &str, on: &str, kind: DependencyKind) -> Self {
        let found = self.members.iter_mut().find(|known| known.name == member);
        found.expect("a member").dependencies.push(Dependency { name: on.to_owned(), kind });
        self
    }

    /// What a rule says, one finding a line.
    pub(super) fn findings(&self, rule: &str) -> Vec<String> {
        let rule = ALL.iter().find(|known| known.name == rule).expect("a rule of this name");
        rule.check(self).iter().map(Finding::to_string).collect()
    }
}
