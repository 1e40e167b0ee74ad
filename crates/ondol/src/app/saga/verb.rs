//! What can be typed about sagas.

use clap::{Args, Subcommand, ValueEnum};
use ondol_saga::SagaState;
use ondol_views::Cursor;

use crate::app::command::HowWritten;
use crate::{LogAddress, Output};

#[derive(Debug, Subcommand)]
pub(in crate::app) enum SagaVerb {
    /// Lists sagas: those that began last come first, and where there are more than are listed, it
    /// says how to go on. The list follows the log by up to a second:
    /// it waits until all is in it that had happened when it was asked for, and says so if it did
    /// not. `show` reads the saga's own stream.
    List {
        /// Of which service.
        service: String,
        /// Only those that stand so.
        #[arg(long, value_enum)]
        state: Option<State>,
        /// Only those that stand at this step.
        #[arg(long)]
        step: Option<String>,
        /// Only those of this name.
        #[arg(long)]
        saga: Option<String>,
        /// Only those that began so many seconds ago or longer.
        #[arg(long, value_name = "SECONDS")]
        older_than: Option<u64>,
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = limit)]
        limit: usize,
        /// Those that come after a list that ended here, as that list has said.
        #[arg(long, value_name = "PLACE")]
        after: Option<Cursor>,
        #[command(flatten)]
        how: HowWritten,
    },
    /// Tells all that has happened to a saga.
    Show(Which),
    /// Has everything that waits to be tried again tried at once.
    Resume(Which),
    /// Has a step tried again at once.
    Retry {
        #[command(flatten)]
        which: Which,
        /// Which step.
        step: String,
    },
    /// Has a saga go on without a step, or without undoing it.
    Skip {
        #[command(flatten)]
        which: Which,
        /// Which step.
        step: String,
    },
    /// Turns a saga round: what was done is undone.
    Cancel {
        #[command(flatten)]
        which: Which,
        /// Why.
        #[arg(long, default_value = "it is no longer wanted")]
        because: String,
    },
    /// Has a saga go on by the definition that the service has now: as it stands, or with its
    /// steps under other names.
    Migrate {
        #[command(flatten)]
        which: Which,
        /// A step that has another name now: old=new.
        #[arg(long, value_name = "OLD=NEW", value_parser = renaming)]
        step: Vec<(String, String)>,
    },
    /// Replays the histories of sagas against the definitions that this program has: which of
    /// those that have not ended could go on by them, and which would have asked something else.
    Check {
        /// Of which service.
        service: String,
        /// The log with the histories: disk:PATH or postgres://…; the service's own, if none is
        /// named. Whoever writes it goes on undisturbed.
        #[arg(long, value_name = "LOG")]
        against: Option<LogAddress>,
        /// A step that has another name now: old=new.
        #[arg(long, value_name = "OLD=NEW", value_parser = renaming)]
        step: Vec<(String, String)>,
        #[command(flatten)]
        how: HowWritten,
    },
    /// Draws a saga before it has ever run. No log is opened.
    Draw {
        /// Of which service.
        service: String,
        /// Which saga; all, if none is named.
        saga: Option<String>,
        /// How it is drawn.
        #[arg(long, value_enum, default_value_t)]
        format: DrawnAs,
    },
}

/// How a saga is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::app) enum DrawnAs {
    /// A flowchart of Mermaid.
    #[default]
    Mermaid,
    /// A picture.
    Svg,
}

/// How a saga stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::app) enum State {
    /// It goes forward.
    Running,
    /// What was done is being undone.
    Unwinding,
    /// It does not get on by itself, and goes on trying.
    Stuck,
    /// All is done.
    Completed,
    /// What was done is undone.
    Compensated,
}

impl From<State> for SagaState {
    fn from(state: State) -> Self {
        match state {
            State::Running => Self::Running,
            State::Unwinding => Self::Unwinding,
            State::Stuck => Self::Stuck,
            State::Completed => Self::Completed,
            State::Compensated => Self::Compensated,
        }
    }
}

/// Which saga is meant.
#[derive(Debug, Args)]
pub(in crate::app) struct Which {
    /// Of which service.
    pub(super) service: String,
    /// Which saga: NAME/IDENTITY, as `list` shows it.
    pub(super) saga: String,
    #[command(flatten)]
    pub(super) how: HowWritten,
}

fn renaming(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(old, new)| !old.is_empty() && !new.is_empty());
    let pair = pair.map(|(old, new)| (old.to_owned(), new.to_owned()));
    pair.ok_or_else(|| "it is written OLD=NEW".to_owned())
}

impl SagaVerb {
    /// How answers are to be written.
    pub(in crate::app) fn output(&self) -> Output {
        match self {
            Self::List { how, .. } | Self::Check { how, .. } => how.output,
            Self::Show(which)
            | Self::Resume(which)
            | Self::Retry { which, .. }
            | Self::Skip { which, .. }
            | Self::Cancel { which, .. }
            | Self::Migrate { which, .. } => which.how.output,
            Self::Draw { .. } => Output::default(),
        }
    }
}

/// How many are listed at most: one or more.
fn limit(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(limit @ 1..) => Ok(limit),
        _ => Err("it is a number from 1 on".to_owned()),
    }
}
