//! What `cargo metadata` says of the members.

use anyhow::Context as _;
use serde_json::Value;

use crate::workspace::{Dependency, DependencyKind, Member, Target};

/// Reads the output of `cargo metadata --no-deps --format-version 1`.
pub(crate) fn members(json: &[u8]) -> anyhow::Result<Vec<Member>> {
    let metadata: Value = serde_json::from_slice(json).context("cargo metadata is not JSON")?;
    let root =
        metadata["workspace_root"].as_str().context("cargo metadata has no workspace_root")?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    packages
        .iter()
        .map(|package| member(package, root).context("cargo metadata has a strange package"))
        .collect()
}

fn member(package: &Value, root: &str) -> Option<Member> {
    let inside =
        |path: &Value| Some(path.as_str()?.strip_prefix(root)?.trim_start_matches('/').to_owned());
    let manifest = inside(&package["manifest_path"])?;
    let ondol = &package["metadata"]["ondol"];
    let targets = package["targets"].as_array()?.iter();
    Some(Member {
        name: package["name"].as_str()?.to_owned(),
        folder: manifest.strip_suffix("/Cargo.toml")?.to_owned(),
        layer: ondol["layer"].as_str().map(str::to_owned),
        benches: strings(&ondol["benches"]),
        tortures: strings(&ondol["torture"]),
        dependencies: package["dependencies"].as_array()?.iter().filter_map(dependency).collect(),
        targets: targets
            .filter_map(|target| Some(Target { path: inside(&target["src_path"])? }))
            .collect(),
    })
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect()
}

fn dependency(value: &Value) -> Option<Dependency> {
    let kind = match value["kind"].as_str() {
        Some("dev") => DependencyKind::Dev,
        Some("build") => DependencyKind::Build,
        _ => DependencyKind::Normal,
    };
    Some(Dependency { name: value["name"].as_str()?.to_owned(), kind })
}

#[cfg(test)]
mod tests;
