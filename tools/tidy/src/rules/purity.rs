//! Pure crates reach nothing but values.

use crate::finding::{Finding, finding};
use crate::workspace::{DependencyKind, File, Member, Workspace};

/// What a system's domain may name.
const DOMAIN_MAY_NAME: [&str; 4] = ["ondol-domain", "ondol-kernel", "serde", "thiserror"];
/// What its tests may name besides.
const DOMAIN_TESTS_MAY_NAME: [&str; 5] =
    ["insta", "ondol-bench", "ondol-testkit", "proptest", "serde_json"];
/// Layers without a clock, a disk, a network or an executor in reach.
const PURE_LAYERS: [&str; 3] = ["kernel", "model", "domain"];
/// Executors and the outer world, as crates.
const OUTER_WORLD: [&str; 15] = [
    "async-trait",
    "axum",
    "futures",
    "hyper",
    "reqwest",
    "rusqlite",
    "tokio",
    "tokio-postgres",
    "tower",
    "tracing",
    "rand",
    "getrandom",
    "fastrand",
    "log",
    "async-nats",
];
/// The outer world, as code.
const OUTER_PATHS: [&str; 10] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "std::time::Instant",
    "SystemTime::now",
    "async fn",
    "async move",
    "println!",
];

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    let pure = workspace.members.iter().filter(|member| is_pure(member));
    let findings =
        pure.flat_map(|member| names(member).into_iter().chain(reaches(workspace, member)));
    findings.collect()
}

fn is_pure(member: &Member) -> bool {
    member.layer.as_deref().is_some_and(|layer| PURE_LAYERS.contains(&layer))
}

fn names(member: &Member) -> Vec<Finding> {
    let is_domain = member.layer.as_deref() == Some("domain");
    let forbidden = member.dependencies.iter().filter(|dependency| {
        let name = dependency.name.as_str();
        match dependency.kind {
            DependencyKind::Dev => {
                is_domain
                    && !DOMAIN_MAY_NAME.contains(&name)
                    && !DOMAIN_TESTS_MAY_NAME.contains(&name)
            }
            _ if is_domain => !DOMAIN_MAY_NAME.contains(&name),
            _ => OUTER_WORLD.contains(&name),
        }
    });
    let message = |name: &str| format!("{} is pure and may not name {name}", member.name);
    forbidden.map(|dependency| finding(&member.manifest(), 1, message(&dependency.name))).collect()
}

fn reaches(workspace: &Workspace, member: &Member) -> Vec<Finding> {
    let sources = format!("{}/src/", member.folder);
    let files = workspace.rust().filter(|file| file.path.starts_with(&sources) && !file.is_test());
    files.flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let source = file.source();
    let tests = source.test_parts();
    let found =
        OUTER_PATHS.iter().flat_map(|path| source.places(path).map(move |place| (place, path)));
    let outside_tests = found.filter(|(place, _)| !tests.iter().any(|part| part.contains(place)));
    let message = |path| format!("`{path}` does not belong in a pure crate");
    outside_tests
        .map(|(place, path)| finding(&file.path, source.line(place), message(path)))
        .collect()
}

#[cfg(test)]
mod tests;
