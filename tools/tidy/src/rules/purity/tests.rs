//! Domains that reach out.

use crate::rules::made_up::workspace;
use crate::workspace::{DependencyKind, Workspace};

fn domain_with(on: &str, kind: DependencyKind) -> Workspace {
    workspace().depends("bank-domain", on, kind)
}

#[test]
fn a_domain_names_values_only() {
    assert!(domain_with("serde", DependencyKind::Normal).findings("purity").is_empty());
    for name in ["serde_json", "ondol-store", "uuid"] {
        assert_eq!(domain_with(name, DependencyKind::Normal).findings("purity").len(), 1, "{name}");
    }
}

#[test]
fn a_domains_tests_may_tell_stories_and_nothing_else() {
    assert!(domain_with("ondol-testkit", DependencyKind::Dev).findings("purity").is_empty());
    assert!(domain_with("proptest", DependencyKind::Dev).findings("purity").is_empty());
    assert_eq!(domain_with("tokio", DependencyKind::Dev).findings("purity").len(), 1);
}

#[test]
fn the_kernel_has_no_executor() {
    let kernel = workspace().with_member("ondol-kernel", "crates/ondol-kernel", "kernel");
    let with = |name| {
        kernel.clone().depends("ondol-kernel", name, DependencyKind::Normal).findings("purity")
    };
    assert!(with("uuid").is_empty());
    assert_eq!(with("tokio").len(), 1);
}

#[test]
fn a_pure_file_reads_no_clock_and_no_disk() {
    let code = "//! An account.\nfn f() { std::fs::read(\"x\"); }\n#[cfg(test)]\nmod tests { fn g() { std::fs::read(\"y\"); } }\n";
    let broken = workspace().file("bank/domain/src/account.rs", code);
    assert_eq!(
        broken.findings("purity"),
        ["bank/domain/src/account.rs:2: `std::fs` does not belong in a pure crate [purity]"]
    );
    let said = workspace().file(
        "bank/domain/src/account.rs",
        "//! No `std::fs` here.\nconst A: &str = \"std::fs\";\n",
    );
    assert!(said.findings("purity").is_empty());
}
