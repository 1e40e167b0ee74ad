//! A workspace as the rules see it: texts and what cargo says of the members. No disk, no cargo.

use crate::source::Source;

/// A workspace, real or made up.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// Every file that is not built or ignored, sorted by path.
    pub files: Vec<File>,
    /// The packages.
    pub members: Vec<Member>,
}

/// A file.
#[derive(Debug, Clone)]
pub struct File {
    /// From the root, with `/` between the parts.
    pub path: String,
    /// Its text; empty when it is no text.
    pub text: String,
}

/// A package of the workspace.
#[derive(Debug, Clone, Default)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its folder, from the root.
    pub folder: String,
    /// `[package.metadata.ondol] layer`
    pub layer: Option<String>,
    /// `[package.metadata.ondol] benches`
    pub benches: Vec<String>,
    /// `[package.metadata.ondol] torture`
    pub tortures: Vec<String>,
    /// What it names in its `Cargo.toml`.
    pub dependencies: Vec<Dependency>,
    /// What it builds.
    pub targets: Vec<Target>,
}

/// A package that a member names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The package's own name.
    pub name: String,
    /// What it is named for.
    pub kind: DependencyKind,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DependencyKind {
    /// For what the package is.
    Normal,
    /// For its tests, examples and benches.
    Dev,
    /// For its build script.
    Build,
}

/// Something a member builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The file it begins at, from the root.
    pub path: String,
}

impl Workspace {
    /// The text of a file, when there is such a file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Whether there is a file or a folder of this path; the root is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        let inside =
            |file: &File| file.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        path.is_empty() || self.files.iter().any(|file| file.path == path || inside(file))
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The documents.
    pub(crate) fn markdown(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".md"))
    }

    /// The member of this name.
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

impl File {
    /// Its tokens, coarsely.
    pub(crate) fn source(&self) -> Source<'_> {
        Source::new(&self.text)
    }

    /// Whether the whole file is there for tests.
    pub(crate) fn is_test(&self) -> bool {
        let path = format!("/{}", self.path);
        path.contains("/tests/") || path.ends_with("/tests.rs")
    }

    /// The last part of its path without what follows the dot.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split('.').next().unwrap_or(name)
    }
}

impl Member {
    /// Its `Cargo.toml`.
    pub(crate) fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }

    /// Whether a file lies in its folder.
    pub(crate) fn holds(&self, file: &File) -> bool {
        file.path.strip_prefix(&self.folder).is_some_and(|rest| rest.starts_with('/'))
    }
}
