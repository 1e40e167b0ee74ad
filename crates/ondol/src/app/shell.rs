//! From what is typed to an exit code.

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use super::command::{FlowVerb, Line, Noun};
use super::failure::Failure;
use super::{App, config, flow, log, map, nouns, own, parked, saga, serve, service, timer, view};
use crate::Output;

/// Does what the command line asks for.
pub(super) fn main(app: &App) -> ExitCode {
    let matches = whole(app).get_matches();
    if let Some((output, done)) = own::run(app, &matches) {
        return ended(done, output);
    }
    let line = match Line::from_arg_matches(&matches) {
        Ok(line) => line,
        Err(error) => error.exit(),
    };
    if let Noun::Log(command) = line.noun {
        return log::main(command);
    }
    let output = line.noun.output();
    ended(run(app, line), output)
}

fn ended(done: Result<(), Failure>, output: Output) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            // When even this cannot be written, the exit code is all that is left to say.
            drop(failure.tell(&mut io::stderr(), output));
            ExitCode::FAILURE
        }
    }
}

/// The commands, under the name of the app.
pub(super) fn whole(app: &App) -> clap::Command {
    let command = Line::command().name(app.name()).bin_name(app.name()).version(app.version());
    own::beside(app, command)
}

fn run(app: &App, line: Line) -> Result<(), Failure> {
    let given = line.settings.given();
    match line.noun {
        // It ends in its own way, and was done before.
        Noun::Log(_) => Ok(()),
        Noun::Up => serve::run(app, &given.config_or(app.shipped())?, &[]),
        Noun::Serve { names } => serve::run(app, &given.config()?, &names),
        Noun::Config(verb) => config::run(app, &given, &verb),
        Noun::Service(verb) => service::run(app, &verb),
        Noun::Map { format } => map::map(app, format),
        Noun::Asyncapi => map::asyncapi(app),
        Noun::View(verb) => view::run(app, &given.config()?, verb),
        Noun::Parked(verb) => parked::run(&given.config()?, verb),
        Noun::Timer(verb) => timer::run(&given.config()?, verb),
        Noun::Flow(FlowVerb::Show { id, how }) => flow::run(app, &given.config()?, &id, how.output),
        Noun::Saga(verb) => saga::run(app, &given.config()?, verb),
        Noun::Completions { shell } => nouns::completions(app, shell),
        Noun::Man { folder } => nouns::man(app, &folder),
    }
}

impl Noun {
    /// How answers, and failures, are to be written.
    fn output(&self) -> Output {
        use super::command::{ConfigVerb, ParkedVerb, ServiceVerb, TimerVerb, ViewVerb};
        match self {
            Self::Config(ConfigVerb::Check(how) | ConfigVerb::Print { how, .. })
            | Self::Service(ServiceVerb::List(how) | ServiceVerb::Describe { how, .. })
            | Self::View(ViewVerb::List { how, .. })
            | Self::Parked(ParkedVerb::List(how))
            | Self::Timer(TimerVerb::List { how, .. } | TimerVerb::Show { how, .. })
            | Self::Flow(FlowVerb::Show { how, .. }) => how.output,
            Self::View(
                ViewVerb::Rebuild { which, .. }
                | ViewVerb::Swap { which, .. }
                | ViewVerb::Verify { which, .. },
            ) => which.how.output,
            Self::Parked(
                ParkedVerb::Show(which)
                | ParkedVerb::Retry { which, .. }
                | ParkedVerb::Skip { which, .. }
                | ParkedVerb::Edit { which, .. },
            ) => which.how.output,
            Self::Saga(verb) => verb.output(),
            Self::Log(_)
            | Self::Up
            | Self::Serve { .. }
            | Self::Map { .. }
            | Self::Asyncapi
            | Self::Completions { .. }
            | Self::Man { .. } => Output::default(),
        }
    }
}
