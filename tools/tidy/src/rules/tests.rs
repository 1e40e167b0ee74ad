//! Every rule is silent on a good workspace and bites on one that breaks it.

use crate::workspace::{DependencyKind, Workspace};

use super::ALL;
use super::made_up::workspace;

/// For each rule, the good workspace with one thing wrong.
fn broken(rule: &str) -> Option<Workspace> {
    let good = workspace();
    let broken = match rule {
        "layers" => good.depends("ondol-store", "xtask", DependencyKind::Normal),
        "purity" => good.depends("bank-domain", "tokio", DependencyKind::Normal),
        "manifests" => good.edit("bank/domain/Cargo.toml", "[lints]\nworkspace = true\n", ""),
        "size" => good.file("bank/domain/src/account.rs", &"//! Lines.\n".repeat(401)),
        "module-docs" => good.file("bank/domain/src/account.rs", "struct Account;\n"),
        "mod-files" => good.file("bank/domain/src/account/mod.rs", "//! An account.\n"),
        "dead-files" => good.file("bank/domain/src/forgotten.rs", "//! Nobody knows me.\n"),
        "names" => good.file("bank/domain/src/utils.rs", "//! Anything.\n"),
        "unfinished" => {
            good.file("bank/domain/src/account.rs", "//! An account.\n// TODO: interest\n")
        }
        "exceptions" => good.file(
            "bank/domain/src/account.rs",
            "//! An account.\n#[allow(dead_code)]\nfn f() {}\n",
        ),
        "honest-tests" => good
            .file("bank/domain/src/account.rs", "//! An account.\n#[test]\n#[ignore]\nfn f() {}\n"),
        "required" => good.without("SECURITY.md"),
        "map" => good.edit("ARCHITECTURE.md", "### ondol-store\nThe log.\n", ""),
        "decisions" => {
            good.edit("docs/adr/0001-money-is-whole.md", "## Revisit when\nNever.\n", "")
        }
        "error-codes" => good.without("docs/errors/gone.md"),
        "links" => good.edit("README.md", "# House\n", "# House\nThe [plan](docs/plan.md).\n"),
        "commands" => good.edit("README.md", "# House\n", "# House\n`cargo xtask fly`\n"),
        _ => return None,
    };
    Some(broken)
}

#[test]
fn a_good_workspace_has_no_findings() {
    let findings: Vec<_> = ALL.iter().flat_map(|rule| workspace().findings(rule.name)).collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn every_rule_bites() {
    for rule in ALL {
        let broken =
            broken(rule.name).unwrap_or_else(|| panic!("`{}` was never seen to bite", rule.name));
        let findings = broken.findings(rule.name);
        assert_eq!(findings.len(), 1, "`{}` on its broken workspace: {findings:#?}", rule.name);
    }
}
