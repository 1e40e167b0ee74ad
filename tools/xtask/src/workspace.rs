//! Where the workspace is, and what its members say of themselves.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use crate::cargo::CommandLine;

/// The workspace this program belongs to.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    pub(crate) target: PathBuf,
    pub(crate) members: Vec<Member>,
}

/// A package of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) targets: Vec<Target>,
    /// `[package.metadata.ondol]`
    pub(crate) ondol: Value,
}

/// Something a package builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// The folder of the workspace.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    // Set by `cargo run`; without it the place where this was built, which is as good until it is moved.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = here.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    let root = here.ancestors().nth(2).context("xtask does not lie in tools/xtask")?;
    anyhow::ensure!(
        root.join("Cargo.toml").is_file(),
        "there is no workspace in {}",
        root.display()
    );
    Ok(root.to_owned())
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let root = root()?;
        let line = CommandLine::parse("cargo metadata --no-deps --format-version 1");
        let output =
            line.command(&root).output().with_context(|| format!("cannot start `{line}`"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "`{line}` failed: {}", said.trim());
        Self::parse(&root, &output.stdout)
    }

    fn parse(root: &Path, metadata: &[u8]) -> anyhow::Result<Self> {
        let metadata: Value =
            serde_json::from_slice(metadata).context("cargo metadata is not JSON")?;
        let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
        Ok(Self {
            root: root.to_owned(),
            target: metadata["target_directory"]
                .as_str()
                .context("cargo metadata has no target")?
                .into(),
            members: packages.iter().filter_map(Member::parse).collect(),
        })
    }
}

impl Member {
    fn parse(package: &Value) -> Option<Self> {
        let targets = package["targets"].as_array()?.iter().flat_map(|target| {
            let name = target["name"].as_str().unwrap_or_default();
            let kinds = target["kind"].as_array().into_iter().flatten().filter_map(Value::as_str);
            kinds.map(move |kind| Target { kind: kind.to_owned(), name: name.to_owned() })
        });
        Some(Self {
            name: package["name"].as_str()?.to_owned(),
            targets: targets.collect(),
            ondol: package["metadata"]["ondol"].clone(),
        })
    }
}

#[cfg(test)]
impl Workspace {
    /// A workspace made up for a test, from what `cargo metadata` would print.
    pub(crate) fn made_up(packages: &Value) -> Self {
        let metadata =
            serde_json::json!({ "packages": packages, "target_directory": "/target" }).to_string();
        Self::parse(Path::new("/"), metadata.as_bytes()).expect("well formed")
    }
}
