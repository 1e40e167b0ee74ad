//! The rules of the house, as tests.
//!
//! What can be checked is not left to habit. Each rule is a pure function from a described workspace to
//! findings; each is first shown to bite on a made-up workspace that breaks it (`rules/tests.rs` will not
//! pass with a rule that was never seen to bite), then held against the real one (`tests/house.rs`).
//! `cargo run -p tidy` prints every finding with its file and line.
//!
//! # What documents must look like
//!
//! **`ARCHITECTURE.md`** has a section `## Code map` with a heading `### crate-name` and a paragraph for
//! every member of the workspace and for nothing else, and a section `## Invariants`, a list whose items
//! name the tests that keep them:
//!
//! ```markdown
//! - **An acknowledged event is never lost.** *kept by* `a_power_cut_loses_nothing` *because* it is synced first.
//! ```
//!
//! **`docs/adr/NNNN-title.md`**, numbered from 0001 without gaps, each with a first-level title and the sections
//! `## Context` (with a number in it), `## Decision`, `## Alternatives` (a table), `## Consequences`,
//! `## Enforced by`, `## Revisit when`. `docs/adr/README.md` links every one of them.
//!
//! **Names after *kept by* and under *Enforced by*** stand in backticks and exist. Each is a test function, a lint
//! of the root `Cargo.toml` (`unsafe_code`, `clippy::unwrap_used`), something banned in `clippy.toml`
//! (`std::thread::sleep`) or `deny.toml` (`openssl`), a rule of this crate (`layers`), or, beside at least
//! one of those, a member, a file of the repository or a `cargo …` command. A decision that runs ahead of
//! its room says `arrives with` and the crate in backticks: that holds until the crate is there.
//!
//! **Error codes** are what a function `fn code(&self) -> &'static str` answers: string literals, lower case with dots
//! and hyphens. Every code has a page `docs/errors/<code>.md` with `## What happened`, `## What you
//! see` and `## What to do`, and every page has a code.
//!
//! **Commands** shown in documents exist: the subcommands and options of `cargo xtask`, the benches and
//! tortures they name, and the packages after `-p`. Relative links lead somewhere, headings included.
//!
//! # What a crate must look like
//!
//! `[package.metadata.ondol] layer` is one of those in [`rules`]' table, `lints.workspace = true`, versions
//! come from the workspace. The rest is in the rules' own sentences: `cargo run -p tidy -- --list`.
//!
//! Limits: Rust files are read by a small lexer, not a parser: it knows comments, literals, braces and
//! names, and nothing of macros or types. What the compiler or clippy can check is left to them.

mod finding;
mod load;
mod markdown;
mod metadata;
pub mod rules;
mod source;
mod workspace;

pub use finding::Finding;
pub use load::load;
pub use workspace::{Dependency, DependencyKind, File, Member, Target, Workspace};
