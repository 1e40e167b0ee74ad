//! Reading the real workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::metadata;
use crate::workspace::{File, Workspace};

/// Folders that hold nothing anybody wrote.
const NOT_WRITTEN: [&str; 3] = ["target", ".git", "node_modules"];

/// Reads the workspace this crate belongs to.
///
/// # Errors
/// When a file cannot be read, or cargo does not answer.
pub fn load() -> anyhow::Result<Workspace> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = here.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    let root = here.ancestors().nth(2).context("tidy does not lie in tools/tidy")?;
    let mut files = Vec::new();
    walk(root, root, &mut files)?;
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(Workspace { files, members: metadata::members(&cargo_metadata(root)?)? })
}

fn cargo_metadata(root: &Path) -> anyhow::Result<Vec<u8>> {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root);
    let output = cargo.stdin(Stdio::null()).output().context("cannot start cargo metadata")?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "cargo metadata failed: {}", said.trim());
    Ok(output.stdout)
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) -> anyhow::Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let (kind, path) = entry.and_then(|entry| Ok((entry.file_type()?, entry.path())))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // `data` at the root is where a product that was run keeps its data.
        let ours = !NOT_WRITTEN.contains(&name.as_str()) && path != root.join("data");
        if kind.is_dir() && ours {
            walk(root, &path, files)?;
        } else if kind.is_file() && ours {
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let path =
                path.strip_prefix(root).context("inside the root")?.to_string_lossy().into_owned();
            files.push(File { path, text: String::from_utf8(bytes).unwrap_or_default() });
        }
    }
    Ok(())
}
