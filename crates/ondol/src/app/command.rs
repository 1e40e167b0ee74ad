//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::map::MapFormat;
use super::saga::SagaVerb;
use crate::{Given, LogCommand, Output};

/// Runs services and looks after them.
#[derive(Debug, Parser)]
#[command(infer_subcommands = false, arg_required_else_help = true)]
pub(super) struct Line {
    #[command(flatten)]
    pub(super) settings: Settings,
    #[command(subcommand)]
    pub(super) noun: Noun,
}

/// Where settings come from, besides the environment.
#[derive(Debug, Args)]
pub(super) struct Settings {
    /// The file with the settings; ./ondol.toml, if it is there.
    #[arg(long, global = true, value_name = "FILE", env = "ONDOL_CONFIG")]
    config: Option<PathBuf>,
    /// A setting, before all others: http.listen=127.0.0.1:9090.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// How answers are written.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct HowWritten {
    /// How answers are written.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Output,
}

#[derive(Debug, Subcommand)]
pub(super) enum Noun {
    /// Runs all services in one process, until it is told to stop.
    Up,
    /// Runs the named services in one process, until it is told to stop.
    Serve {
        /// Which services.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Looks at the settings.
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Looks at what the services are made of. No log is opened.
    #[command(subcommand)]
    Service(ServiceVerb),
    /// Draws who takes which commands, what happens then, who hears of it, and what is asked because
    /// of it. No log is opened.
    Map {
        /// How it is drawn.
        #[arg(long, value_enum, default_value_t)]
        format: MapFormat,
    },
    /// Writes what the services tell others as an AsyncAPI 3 document. No log is opened.
    Asyncapi,
    /// Looks at views, checks and rebuilds them.
    #[command(subcommand)]
    View(ViewVerb),
    /// Looks at what is parked in services that run, tries it again, skips or edits it.
    #[command(subcommand)]
    Parked(ParkedVerb),
    /// Looks at timers that sleep in services that run. They are set and cancelled by the things
    /// that they belong to.
    #[command(subcommand)]
    Timer(TimerVerb),
    /// Looks at business flows across all services.
    #[command(subcommand)]
    Flow(FlowVerb),
    /// Looks at sagas, and has something done with them.
    #[command(subcommand)]
    Saga(SagaVerb),
    /// Looks at logs, checks, mends, copies, exports and imports them.
    Log(LogCommand),
    /// Writes what a shell needs to complete commands.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
    /// Writes the pages of the manual.
    Man {
        /// Into which folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigVerb {
    /// Checks the settings and the services, and says everything that is wrong.
    Check(HowWritten),
    /// Prints all settings as they are in force. Secrets are never shown.
    Print {
        #[command(flatten)]
        how: HowWritten,
        /// Says in so many words what is done anyway: secrets are not shown.
        #[arg(long)]
        redacted: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ServiceVerb {
    /// Lists the services.
    List(HowWritten),
    /// Says what a service is made of: aggregates, commands, events, views.
    Describe {
        /// Which service; all, if none is named.
        name: Option<String>,
        #[command(flatten)]
        how: HowWritten,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ViewVerb {
    /// Lists the views, how many documents they have and how far they are folded.
    List {
        /// Of which service; of all, if none is named.
        service: Option<String>,
        #[command(flatten)]
        how: HowWritten,
    },
    /// Folds a view anew beside the one that answers, and swaps them. A service that runs does it
    /// itself, and answers meanwhile.
    Rebuild {
        #[command(flatten)]
        which: WhichView,
        /// Only this document.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// Lets another build of a view answer at once: the one before, if none is named. `view list`
    /// shows which there are.
    Swap {
        #[command(flatten)]
        which: WhichView,
        /// Which build: balance@1.1.
        build: Option<String>,
    },
    /// Compares a view with a replay of the log.
    Verify {
        #[command(flatten)]
        which: WhichView,
        /// Only about so many documents, taken at random.
        #[arg(long, value_name = "DOCUMENTS")]
        sample: Option<u64>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum FlowVerb {
    /// Tells what belongs to one business flow: what happened because of what, and what is still to
    /// come. Services that run go on undisturbed.
    Show {
        /// The flow's id: the correlation of any of its events.
        id: String,
        #[command(flatten)]
        how: HowWritten,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ParkedVerb {
    /// Lists everything that is parked.
    List(HowWritten),
    /// Shows the event that is in the way, what waits behind it, and what was decided about it.
    Show(WhichParked),
    /// Tries the event again, and then what waits behind it.
    Retry {
        #[command(flatten)]
        which: WhichParked,
        /// Who decides: it is kept.
        #[arg(long, env = "USER")]
        by: String,
    },
    /// Leaves the event out for good, and goes on with what waits behind it.
    Skip {
        #[command(flatten)]
        which: WhichParked,
        /// Who decides: it is kept.
        #[arg(long, env = "USER")]
        by: String,
    },
    /// Deals with the event as if it had other data.
    Edit {
        #[command(flatten)]
        which: WhichParked,
        /// Who decides: it is kept.
        #[arg(long, env = "USER")]
        by: String,
        /// The data, as JSON.
        #[arg(long, value_name = "JSON")]
        data: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TimerVerb {
    /// Lists the next ones in the order in which they are due.
    List {
        /// Of which service; of all, if none is named.
        service: Option<String>,
        /// Only those of this thing: `order:17`.
        #[arg(long)]
        stream: Option<String>,
        #[command(flatten)]
        how: HowWritten,
    },
    /// Shows when one is due, and which event has set it.
    Show {
        /// Of which service.
        service: String,
        /// Of which thing: `order:17`.
        stream: String,
        /// Which one.
        name: String,
        #[command(flatten)]
        how: HowWritten,
    },
}

/// What is parked by what.
#[derive(Debug, Args)]
pub(super) struct WhichParked {
    /// In which service.
    pub(super) service: String,
    /// By which view, policy or effect.
    pub(super) name: String,
    /// Which one, as `parked list` prints it.
    pub(super) unit: String,
    #[command(flatten)]
    pub(super) how: HowWritten,
}

/// Which view is meant.
#[derive(Debug, Args)]
pub(super) struct WhichView {
    /// Whose view.
    pub(super) service: String,
    /// Which view.
    pub(super) view: String,
    #[command(flatten)]
    pub(super) how: HowWritten,
}

impl Settings {
    /// What is given from outside, the environment of the process included.
    pub(super) fn given(&self) -> Given {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("ONDOL_"))
            .collect();
        Given { file: self.config.clone(), environment, settings: self.set.clone() }
    }
}
