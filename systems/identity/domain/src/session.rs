//! A session: that a browser belongs to somebody who has proved who he is.
//!
//! It is named after its sign-in and holds the hash of a cookie's secret. A further proof does not
//! change a session but begins a new one in its place: a cookie from before is worth nothing after.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, already_done, refuse};
use serde::{Deserialize, Serialize};

use crate::{SessionId, SignIn};

/// What may be asked of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Command {
    /// Begin.
    Start { sign_in: SignIn, secret: String, until: u64, instead_of: Vec<SessionId> },
    /// Give way to a session with a further proof.
    Replace { by: SessionId },
    /// End.
    End,
}

/// What has happened to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Event {
    /// It began.
    Started { sign_in: SignIn, secret: String, until: u64, instead_of: Vec<SessionId> },
    /// Another one took its place.
    Replaced { by: SessionId },
    /// It ended, and with it what was allowed under those whose place it had taken.
    Ended { with: Vec<SessionId> },
}

/// Why the answer is no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// It has begun before.
    #[error("the session has begun before")]
    Begun,
}

/// A session as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Session {
    /// There is none.
    #[default]
    Unknown,
    /// Somebody is signed in.
    Live {
        /// Who, since when, by what.
        sign_in: SignIn,
        /// The hash of what its cookie holds.
        secret: String,
        /// Until when at the longest.
        until: u64,
        /// Whose place it has taken.
        instead_of: Vec<SessionId>,
    },
    /// Another one has taken its place.
    Replaced {
        /// Which.
        by: SessionId,
    },
    /// It has ended.
    Ended,
}

impl Facts for Event {
    const KIND: &'static str = Session::KIND;
}

impl Aggregate for Session {
    const KIND: &'static str = "session";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match (self, command) {
            (Self::Unknown, Command::Start { sign_in, secret, until, instead_of }) => {
                accept(Event::Started { sign_in, secret, until, instead_of })
            }
            (_, Command::Start { .. }) => refuse(Refusal::Begun),
            (Self::Live { .. }, Command::Replace { by }) => accept(Event::Replaced { by }),
            (Self::Live { instead_of, .. }, Command::End) => {
                accept(Event::Ended { with: instead_of.clone() })
            }
            (Self::Unknown | Self::Replaced { .. } | Self::Ended, _) => already_done(),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::Unknown, Event::Started { sign_in, secret, until, instead_of }) => {
                Ok(Self::Live {
                    sign_in: sign_in.clone(),
                    secret: secret.clone(),
                    until: *until,
                    instead_of: instead_of.clone(),
                })
            }
            (Self::Live { .. }, Event::Replaced { by }) => Ok(Self::Replaced { by: *by }),
            (Self::Live { .. }, Event::Ended { .. }) => Ok(Self::Ended),
            (state, event) => Err(Impossible::new(&state, event)),
        }
    }
}
