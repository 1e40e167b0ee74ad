//! Why a call got no answer.

use std::time::Duration;

use ondol_domain::{CommandError, Holder};
use ondol_store::BoxError;

/// Why a call got no answer.
///
/// Either it can be asked again, and then it is not known whether the command has taken effect:
/// asking again under the same id, or making it void, settles that. Or it never will be answered
/// as it stands, and has taken no effect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallFailure {
    /// Nobody answers there at present.
    #[error("{service} cannot be reached")]
    Unreachable {
        /// Who was asked.
        service: String,
        /// What was found.
        #[source]
        source: BoxError,
    },
    /// It has more to do than it takes.
    #[error("{service} takes no more at present")]
    Busy {
        /// Who was asked.
        service: String,
        /// How long it asks to be left alone, if it says.
        again_after: Option<Duration>,
    },
    /// A saga holds the thing that was asked, and whoever asks waits until it lets go. It has
    /// taken no effect.
    #[error("what {service} was asked for is held by the saga {by}")]
    Held {
        /// Who was asked.
        service: String,
        /// Who holds it.
        by: Holder,
    },
    /// No answer has come in time.
    #[error("{service} has not answered within {waited:?}")]
    TimedOut {
        /// Who was asked.
        service: String,
        /// How long was waited.
        waited: Duration,
    },
    /// It tried, and something there is broken: a person has to look.
    #[error("{service} could not handle it")]
    Broken {
        /// Who was asked.
        service: String,
        /// What was found.
        #[source]
        source: BoxError,
    },
    /// There is no such service, or no such kind of thing, or not yet: a service may come later
    /// than those who ask it, and may have been there before and have done it.
    #[error("there is no {service:?} to be asked")]
    NoSuchService {
        /// Who was to be asked.
        service: String,
    },
    /// Whoever was asked does not know such a command, or cannot read it.
    #[error("{service} cannot read what it is asked")]
    Command {
        /// Who was asked.
        service: String,
        /// What is wrong with the command.
        #[source]
        source: CommandError,
    },
    /// Whoever was asked cannot take it as it stands: the key names nothing, the id is taken.
    #[error("{service} cannot take what it is asked")]
    Invalid {
        /// Who was asked.
        service: String,
        /// What is wrong.
        #[source]
        source: BoxError,
    },
    /// Whoever asks may not.
    #[error("{service} does not let itself be asked by whoever asks")]
    Forbidden {
        /// Who was asked.
        service: String,
    },
}

impl CallFailure {
    /// Whether asking again may bring an answer. If so, whether the command has taken effect is
    /// not known; if not, it has not by this asking.
    pub const fn may_be_asked_again(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Busy { .. }
            | Self::Held { .. }
            | Self::TimedOut { .. }
            | Self::Broken { .. }
            | Self::NoSuchService { .. } => true,
            Self::Command { .. } | Self::Invalid { .. } | Self::Forbidden { .. } => false,
        }
    }

    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "call-unreachable",
            Self::Busy { .. } => "call-busy",
            Self::Held { .. } => "call-held",
            Self::TimedOut { .. } => "call-timed-out",
            Self::Broken { .. } => "call-broken",
            Self::NoSuchService { .. } => "call-no-such-service",
            Self::Command { .. } => "call-unreadable",
            Self::Invalid { .. } => "call-invalid",
            Self::Forbidden { .. } => "call-forbidden",
        }
    }
}
