//! Commands that services bring along.

use clap::{ArgMatches, Args as _, FromArgMatches as _};

use super::App;
use super::command::{HowWritten, Settings};
use super::failure::Failure;
use super::tables;
use crate::{Hosted, Output, OwnCommand};

/// The commands of the house, and those that the services bring along.
pub(super) fn beside(app: &App, command: clap::Command) -> clap::Command {
    all(app).fold(command, |command, (_, own)| {
        let verb = HowWritten::augment_args(clap::Command::new(own.verb).about(own.about));
        if command.find_subcommand(own.noun).is_some() {
            return command.mut_subcommand(own.noun, |noun| noun.subcommand(verb));
        }
        let noun = clap::Command::new(own.noun).about(own.about);
        command.subcommand(noun.arg_required_else_help(true).subcommand(verb))
    })
}

/// Does what was typed, if it is the command of a service.
pub(super) fn run(app: &App, matches: &ArgMatches) -> Option<(Output, Result<(), Failure>)> {
    let (noun, below) = matches.subcommand()?;
    let (verb, typed) = below.subcommand()?;
    let (hosted, own) = all(app).find(|(_, own)| own.noun == noun && own.verb == verb)?;
    let output = HowWritten::from_arg_matches(typed).map(|how| how.output).unwrap_or_default();
    Some((output, told(hosted, own, typed, output)))
}

fn told(
    hosted: &Hosted,
    own: &OwnCommand,
    typed: &ArgMatches,
    output: Output,
) -> Result<(), Failure> {
    let not_read =
        |source: clap::Error| Failure::Process { what: "its words", source: source.into() };
    let given = Settings::from_arg_matches(typed).map_err(not_read)?.given();
    let settings = given.config()?.settings_of(hosted.service.name());
    let answer = (own.run)(&settings).map_err(Failure::Own)?;
    let text = |value: &serde_json::Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let rows: Vec<_> = answer.iter().map(|(name, value)| [name.clone(), text(value)]).collect();
    tables::write(output, &answer, ["what", "found"], &rows)?;
    Ok(())
}

fn all(app: &App) -> impl Iterator<Item = (&Hosted, &OwnCommand)> {
    app.services().iter().flat_map(|hosted| hosted.commands.iter().map(move |own| (hosted, own)))
}
