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

#[test]
fn a_clock_or_a_disk_in_a_group_of_names_is_found() {
    for (line, found) in [
        ("use std::{collections::BTreeMap, fs};", "std::fs"),
        ("use std::time::{Duration, Instant};", "std::time::Instant"),
        ("use std::{\n    io::{self, Write},\n    net::{TcpStream as Way},\n};", "std::net"),
        ("use ::std::process::Command;", "std::process"),
    ] {
        let broken =
            workspace().file("bank/domain/src/account.rs", &format!("//! An account.\n{line}\n"));
        assert_eq!(
            broken.findings("purity"),
            [format!(
                "bank/domain/src/account.rs:2: `{found}` does not belong in a pure crate [purity]"
            )]
        );
    }
    let pure = "//! An account.\nuse std::{collections::BTreeMap, time::{Duration}, fmt};\n";
    assert!(workspace().file("bank/domain/src/account.rs", pure).findings("purity").is_empty());
}

#[test]
fn a_clock_of_a_library_is_a_clock() {
    let broken = workspace()
        .file("bank/domain/src/account.rs", "//! An account.\nfn f() { jiff::Zoned::now(); }\n");
    assert_eq!(broken.findings("purity").len(), 1);
}

#[test]
fn the_kernel_names_only_what_it_is_known_to_need() {
    let kernel = workspace().with_member("ondol-kernel", "crates/ondol-kernel", "kernel");
    for kind in [DependencyKind::Normal, DependencyKind::Build] {
        let broken = kernel.clone().depends("ondol-kernel", "mio", kind);
        assert_eq!(
            broken.findings("purity"),
            [
                "crates/ondol-kernel/Cargo.toml:1: ondol-kernel is pure and may not name mio [purity]"
            ]
        );
    }
}
