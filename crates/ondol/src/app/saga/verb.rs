//! What can be typed about sagas.

use clap::{Args, Subcommand};

use crate::Output;
use crate::app::command::HowWritten;

#[derive(Debug, Subcommand)]
pub(in crate::app) enum SagaVerb {
    /// Lists sagas: those that began last come first.
    List {
        /// Of which service.
        service: String,
        /// Only those that stand so: running, unwinding, stuck, completed, compensated.
        #[arg(long)]
        state: Option<String>,
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
        #[arg(long, default_value_t = 100)]
        limit: usize,
        #[command(flatten)]
        how: HowWritten,
    },
    /// Tells all that has happened to a saga.
    Show(Which),
    /// Has everything that waits to be tried again tried at once. The service must not be running
    /// on the same folder; the same holds for all that follow.
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
    /// Has a saga go on by the definition that the service has now.
    Migrate {
        #[command(flatten)]
        which: Which,
        /// A step that has another name now: old=new.
        #[arg(long, value_name = "OLD=NEW")]
        step: Vec<String>,
    },
    /// Checks which sagas that have not ended fit the definitions that the service has now.
    Check {
        /// Of which service.
        service: String,
        #[command(flatten)]
        how: HowWritten,
    },
    /// Draws a saga as a Mermaid flowchart. No log is opened.
    Draw {
        /// Of which service.
        service: String,
        /// Which saga; all, if none is named.
        saga: Option<String>,
    },
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
