//! Commands that documents tell people to type.

use crate::finding::{Finding, finding};
use crate::markdown::Markdown;
use crate::workspace::{File, Workspace};

/// Where `cargo xtask` says what it can do.
const DEFINED_IN: &str = "tools/xtask/src/commands.rs";

pub(super) fn find(workspace: &Workspace) -> Vec<Finding> {
    let Some(definition) = workspace.files.iter().find(|file| file.path == DEFINED_IN) else {
        return Vec::new();
    };
    let known = Known::of(definition);
    let findings = workspace.markdown().flat_map(|file| {
        let lines = Markdown::new(&file.text);
        let problems: Vec<_> = lines
            .all()
            .flat_map(|at| {
                known
                    .problems(workspace, at.what)
                    .into_iter()
                    .map(move |problem| (at.line, problem))
            })
            .collect();
        problems.into_iter().map(|(line, problem)| finding(&file.path, line, problem))
    });
    findings.collect()
}

/// What can be typed after `cargo xtask`.
struct Known {
    subcommands: Vec<String>,
    options: Vec<String>,
}

impl Known {
    /// The variants of `enum Command`, and every field of its arguments as an option.
    fn of(definition: &File) -> Self {
        let source = definition.source();
        let start = source.places("enum Command").next().unwrap_or(source.code.len());
        let end = source.code[start..].find("\n}").map_or(source.code.len(), |found| start + found);
        let lines = source.code[start..end].lines().skip(1).map(str::trim);
        let variants =
            lines.filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()));
        let fields = source.code.lines().filter_map(|line| line.trim().strip_prefix("pub(crate) "));
        let named = fields.filter_map(|field| Some(field.split_once(": ")?.0.replace('_', "-")));
        Self {
            subcommands: variants.map(|line| word(line).to_lowercase()).collect(),
            options: named.chain(["help".to_owned()]).collect(),
        }
    }

    fn problems(&self, workspace: &Workspace, line: &str) -> Vec<String> {
        let commands = line.split("cargo xtask ").skip(1);
        let mut problems: Vec<_> =
            commands.flat_map(|rest| self.of_command(workspace, command(rest))).collect();
        problems.extend(packages(workspace, line));
        problems
    }

    fn of_command(&self, workspace: &Workspace, command: &str) -> Vec<String> {
        let mut words = command.split_whitespace();
        let Some(subcommand) = words.next().map(word).filter(|word| !word.is_empty()) else {
            return Vec::new();
        };
        if !self.subcommands.iter().any(|known| known == subcommand) {
            return vec![format!("there is no `cargo xtask {subcommand}`")];
        }
        let mut words = words.peekable();
        let program = words
            .peek()
            .copied()
            .filter(|word| word.starts_with(|letter: char| letter.is_ascii_lowercase()));
        let program = program.and_then(|name| unknown_program(workspace, subcommand, word(name)));
        let options =
            words.filter_map(|word| word.trim_start_matches('[').strip_prefix("--")).map(word);
        let strange = options.filter(|option| {
            !option.is_empty() && !self.options.iter().any(|known| known == option)
        });
        let strange =
            strange.map(|option| format!("`cargo xtask {subcommand}` has no option `--{option}`"));
        program.into_iter().chain(strange).collect()
    }
}

/// Up to where a command ends in a text.
fn command(rest: &str) -> &str {
    rest.split(['`', '|', '#', '(', ')', ';', '·']).next().unwrap_or(rest)
}

/// The letters, digits and hyphens at the beginning.
fn word(text: &str) -> &str {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        .next()
        .unwrap_or(text)
}

fn unknown_program(workspace: &Workspace, subcommand: &str, name: &str) -> Option<String> {
    let known = match subcommand {
        "bench" => {
            workspace.members.iter().any(|member| member.benches.iter().any(|known| known == name))
        }
        "torture" => {
            workspace.members.iter().any(|member| member.tortures.iter().any(|known| known == name))
        }
        _ => true,
    };
    (!known).then(|| format!("no crate registers the {subcommand} `{name}`"))
}

/// `cargo run -p NAME`: is there such a package?
fn packages(workspace: &Workspace, line: &str) -> Vec<String> {
    let commands = line.split("cargo ").skip(1).map(command);
    let words: Vec<Vec<_>> = commands.map(|command| command.split_whitespace().collect()).collect();
    let named = words
        .iter()
        .flat_map(|words| words.windows(2))
        .filter(|pair| ["-p", "--package"].contains(&pair[0]));
    let names = named
        .map(|pair| word(pair[1]))
        .filter(|name| name.starts_with(|letter: char| letter.is_lowercase()));
    let unknown = names.filter(|name| workspace.member(name).is_none());
    unknown.map(|name| format!("there is no package `{name}`")).collect()
}

#[cfg(test)]
mod tests;
