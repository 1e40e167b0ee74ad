//! The rules. Each is a name, a sentence, and a pure function.

mod checks;
mod commands;
mod dead_files;
mod decisions;
mod error_codes;
mod files;
mod layers;
mod links;
mod manifests;
mod map;
mod names;
mod purity;
mod required;
mod size;
mod words;

use crate::finding::Finding;
use crate::workspace::Workspace;

pub use layers::{LAYERS, Layer};

/// A rule of the house.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// One word, to speak of it.
    pub name: &'static str,
    /// What holds.
    pub sentence: &'static str,
    find: fn(&Workspace) -> Vec<Finding>,
}

impl Rule {
    /// Where the rule is broken, in the order of the files.
    pub fn check(&self, workspace: &Workspace) -> Vec<Finding> {
        let named = |finding| Finding { rule: self.name, ..finding };
        let mut findings: Vec<_> = (self.find)(workspace).into_iter().map(named).collect();
        findings.sort();
        findings
    }
}

const fn rule(
    name: &'static str,
    sentence: &'static str,
    find: fn(&Workspace) -> Vec<Finding>,
) -> Rule {
    Rule { name, sentence, find }
}

/// All rules.
pub const ALL: &[Rule] = &[
    rule(
        "layers",
        "layers point inwards: a crate depends on what its layer's row in the table allows",
        layers::find,
    ),
    rule(
        "purity",
        "pure crates name only the house's pure crates, serde and thiserror, and reach no outer world",
        purity::find,
    ),
    rule(
        "manifests",
        "members take lints, versions and editions from the workspace",
        manifests::find,
    ),
    rule(
        "size",
        "no file over 400 lines beside its tests, no function over 70, no main.rs over 40",
        size::find,
    ),
    rule("module-docs", "every Rust file begins by saying what it is", files::module_docs),
    rule("mod-files", "a module is `foo.rs` with `foo/`, never `mod.rs`", files::mod_files),
    rule("dead-files", "every Rust file is reached from a target", dead_files::find),
    rule(
        "names",
        "crates and modules say what they do: no core, common, utils and their kin",
        names::find,
    ),
    rule("unfinished", "nothing is left for later in a comment or a macro", words::unfinished),
    rule(
        "exceptions",
        "an exception to a lint expects it and gives a reason; it is never just allowed",
        words::exceptions,
    ),
    rule("honest-tests", "no test is ignored, and none sleeps and hopes", words::honest_tests),
    rule(
        "required",
        "the documents of the house are there; the README is short and says how to start",
        required::find,
    ),
    rule(
        "map",
        "ARCHITECTURE.md maps exactly the members, and every invariant names what keeps it",
        map::find,
    ),
    rule(
        "decisions",
        "every decision is whole, in the index, and names what enforces it",
        decisions::find,
    ),
    rule("error-codes", "every error code has a page, and every page a code", error_codes::find),
    rule("links", "relative links in documents lead somewhere", links::find),
    rule("commands", "commands shown in documents exist", commands::find),
];

#[cfg(test)]
mod made_up;
#[cfg(test)]
mod tests;
