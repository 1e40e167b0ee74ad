//! Installing what is missing, and saying so.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{NEEDS, Need, PACKAGES, Packages, Programs, TOOLS, Tool, missing};
use crate::cargo::CommandLine;
use crate::say;

/// Who we are to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) root: bool,
    pub(crate) apt: bool,
}

/// Sees to it that every need is met, or says in one line what to do. The system's packages come from
/// the network and the disk while cargo keeps the processors busy with the tools.
pub(crate) fn provide(root: &Path) -> anyhow::Result<()> {
    let programs = Programs::of_system();
    let missing_now = missing(NEEDS, &programs);
    if !missing_now.is_empty() {
        allowed(&missing_now, Rights { root: is_root(root), apt: programs.has("apt-get") })?;
    }
    side_by_side(
        || from_debian(root, &missing_now, &programs),
        || TOOLS.iter().try_for_each(|tool| build(root, tool, &programs)),
    )?;
    PACKAGES.iter().try_for_each(|packages| fetch(root, packages))?;
    say::line("everything the tests need is installed");
    Ok(())
}

/// Does both at the same time; both have ended when one's error is told.
pub(crate) fn side_by_side(
    one: impl FnOnce() -> anyhow::Result<()>,
    other: impl FnOnce() -> anyhow::Result<()> + Send,
) -> anyhow::Result<()> {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        one.and(other)
    })
}

fn from_debian(root: &Path, missing_now: &[Need], programs: &Programs) -> anyhow::Result<()> {
    if missing_now.is_empty() {
        return Ok(());
    }
    install(root, missing_now)?;
    let still = missing(NEEDS, programs);
    anyhow::ensure!(still.is_empty(), "installed, but still not found: {}", names(&still));
    Ok(())
}

fn build(root: &Path, tool: &Tool, programs: &Programs) -> anyhow::Result<()> {
    if programs.has(tool.program) {
        return Ok(());
    }
    say::line(&format!("building {}: {}", tool.program, tool.install));
    CommandLine::parse(tool.install).run(root)?;
    anyhow::ensure!(programs.has(tool.program), "built, but not found: {}", tool.program);
    Ok(())
}

fn fetch(root: &Path, packages: &Packages) -> anyhow::Result<()> {
    if packages.are_there(root) {
        return Ok(());
    }
    let folder = root.join(packages.folder);
    say::line(&format!("in {}: {}", packages.folder, Packages::INSTALL));
    CommandLine::parse(Packages::INSTALL).run(&folder)?;
    anyhow::ensure!(packages.are_there(root), "installed, but not as locked: {}", packages.folder);
    Ok(())
}

/// Whether we may install; if not, the one line that says what a person does instead.
pub(crate) fn allowed(missing: &[Need], rights: Rights) -> anyhow::Result<()> {
    match rights {
        Rights { root: true, apt: true } => Ok(()),
        Rights { apt: true, .. } => anyhow::bail!(
            "the tests need {}; install it: sudo apt-get install {}",
            names(missing),
            packages(missing)
        ),
        Rights { .. } => anyhow::bail!(
            "the tests need {}; install it with your package manager (on Debian: {})",
            names(missing),
            packages(missing)
        ),
    }
}

fn names(needs: &[Need]) -> String {
    needs.iter().map(|need| need.what).collect::<Vec<_>>().join(", ")
}

fn packages(needs: &[Need]) -> String {
    needs.iter().map(|need| need.package).collect::<Vec<_>>().join(" ")
}

fn install(root: &Path, missing: &[Need]) -> anyhow::Result<()> {
    say::line(&format!("the tests start real servers; installing {} with apt-get", names(missing)));
    let mut quiet = Vec::new();
    for (file, text) in missing.iter().flat_map(|need| need.quiet) {
        quiet.push(Quiet::new(Path::new(file), text)?);
    }
    let by_hand = format!(
        "cannot install {}; by hand: apt-get install {}",
        names(missing),
        packages(missing)
    );
    apt("apt-get update --quiet", &[]).run(root).with_context(|| by_hand.clone())?;
    let words: Vec<_> = missing.iter().map(|need| need.package).collect();
    apt("apt-get install --yes --quiet --no-install-recommends", &words).run(root).context(by_hand)
}

/// It asks nothing: a question without anybody to answer it would hang for ever.
fn apt(line: &str, packages: &[&str]) -> CommandLine {
    CommandLine::parse(line).args(packages.iter().copied()).env("DEBIAN_FRONTEND", "noninteractive")
}

fn is_root(root: &Path) -> bool {
    let id = CommandLine::parse("id -u").command(root).output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// A file that is there while packages are installed, and gone afterwards: the machine's own settings
/// are as they were.
pub(crate) struct Quiet {
    file: Option<PathBuf>,
    folder: Option<PathBuf>,
}

impl Quiet {
    /// Writes the file, unless somebody else has one there.
    pub(crate) fn new(file: &Path, text: &str) -> anyhow::Result<Self> {
        let parent = file.parent().context("a file has a folder")?;
        let top =
            parent.ancestors().take_while(|folder| !folder.exists()).last().map(Path::to_owned);
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(file)
            .and_then(|mut open| std::io::Write::write_all(&mut open, text.as_bytes()));
        match written {
            Ok(()) => Ok(Self { file: Some(file.to_owned()), folder: top }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Ok(Self { file: None, folder: None })
            }
            Err(error) => Err(error).with_context(|| format!("cannot write {}", file.display())),
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            fs::remove_file(file).ok();
            // Only while they are empty: what the package put there stays.
            let Some(top) = &self.folder else { return };
            let ours = file.ancestors().skip(1).take_while(|folder| folder.starts_with(top));
            ours.for_each(|folder| drop(fs::remove_dir(folder)));
        }
    }
}
