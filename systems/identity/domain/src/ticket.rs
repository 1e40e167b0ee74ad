//! A ticket: good for one thing, once, for a while.
//!
//! An authorization code, a token in an e-mail, a request that was pushed ahead. It is named after
//! the hash of its secret. Whoever shows it a second time is told to whom the first time has given
//! something, so that this can be taken back.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, refuse};
use serde::{Deserialize, Serialize};

use crate::{GrantId, SignIn, UserId};

/// What a ticket is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Purpose {
    /// Tokens for a client.
    Code(Box<Code>),
    /// Showing that an address is one's own.
    Email { user: UserId },
    /// A new password.
    Reset { user: UserId },
    /// A request for authorization that a client has pushed ahead.
    Pushed { client: String, request: String },
}

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The client it was given to.
    pub client: String,
    /// Where it was sent.
    pub redirect: String,
    /// What its holder has to know: the hash of a verifier.
    pub challenge: String,
    /// What was allowed.
    pub scopes: Vec<String>,
    /// What the client wants to read again.
    pub nonce: Option<String>,
    /// Who has allowed it.
    pub sign_in: SignIn,
    /// The grant that it opens.
    pub grant: GrantId,
}

/// What may be asked of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Command {
    /// Be good for something until a moment.
    Issue { purpose: Purpose, until: u64 },
    /// Give what it is good for to whoever shows it.
    Redeem { shown: Shown, at: u64 },
}

/// Who shows it, and what he knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Shown {
    /// A client that wants tokens. OAuth 2.1 has it say no more where the code was sent; what it says
    /// has to be right.
    Code { client: String, redirect: Option<String>, challenge: String },
    /// A client that goes on with what it has pushed.
    Pushed { client: String },
    /// Somebody who has read his e-mail.
    Email,
    /// Somebody who has read his e-mail, and wants a new password.
    Reset,
}

/// What has happened to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Event {
    /// It is good for something.
    Issued { purpose: Purpose, until: u64 },
    /// It was used.
    Redeemed { at: u64 },
}

/// Why the answer is no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Refusal {
    /// There is none of this name.
    #[error("there is no such ticket")]
    Unknown,
    /// There is one of this name.
    #[error("there is a ticket of this name already")]
    Exists,
    /// Its time is over.
    #[error("the ticket has ended")]
    Ended,
    /// It was used, and has opened this grant.
    #[error("the ticket was used already")]
    Used { grant: Option<GrantId> },
    /// It was given to another client, or for something else.
    #[error("the ticket is for somebody or something else")]
    NotYours,
    /// It was sent elsewhere.
    #[error("the ticket was sent to another address")]
    OtherRedirect,
    /// Whoever shows it does not know what its holder knows.
    #[error("the verifier does not fit the challenge")]
    WrongVerifier,
}

/// A ticket as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Ticket {
    /// There is none.
    #[default]
    Unknown,
    /// It is good.
    Good {
        /// For what.
        purpose: Purpose,
        /// Until when.
        until: u64,
    },
    /// It was used.
    Used {
        /// For what.
        purpose: Purpose,
    },
}

impl Facts for Event {
    const KIND: &'static str = Ticket::KIND;
}

impl Aggregate for Ticket {
    const KIND: &'static str = "ticket";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match (self, command) {
            (Self::Unknown, Command::Issue { purpose, until }) => {
                accept(Event::Issued { purpose, until })
            }
            (_, Command::Issue { .. }) => refuse(Refusal::Exists),
            (Self::Unknown, Command::Redeem { .. }) => refuse(Refusal::Unknown),
            (Self::Used { purpose }, Command::Redeem { shown, .. }) => {
                // Whoever only guesses the client does not get to take anything back.
                fits(purpose, &shown)?;
                refuse(Refusal::Used { grant: purpose.grant() })
            }
            (Self::Good { until, .. }, Command::Redeem { at, .. }) if at >= *until => {
                refuse(Refusal::Ended)
            }
            (Self::Good { purpose, .. }, Command::Redeem { shown, at }) => {
                fits(purpose, &shown)?;
                accept(Event::Redeemed { at })
            }
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::Unknown, Event::Issued { purpose, until }) => {
                Ok(Self::Good { purpose: purpose.clone(), until: *until })
            }
            (Self::Good { purpose, .. }, Event::Redeemed { .. }) => Ok(Self::Used { purpose }),
            (state, event) => Err(Impossible::new(&state, event)),
        }
    }
}

impl Purpose {
    /// The grant that it opens.
    pub const fn grant(&self) -> Option<GrantId> {
        match self {
            Self::Code(code) => Some(code.grant),
            Self::Email { .. } | Self::Reset { .. } | Self::Pushed { .. } => None,
        }
    }
}

fn fits(purpose: &Purpose, shown: &Shown) -> Result<(), Refusal> {
    match (purpose, shown) {
        (Purpose::Code(code), Shown::Code { client, redirect, challenge }) => {
            if code.client != *client {
                Err(Refusal::NotYours)
            } else if redirect.as_ref().is_some_and(|redirect| code.redirect != *redirect) {
                Err(Refusal::OtherRedirect)
            } else if code.challenge != *challenge {
                Err(Refusal::WrongVerifier)
            } else {
                Ok(())
            }
        }
        (Purpose::Pushed { client, .. }, Shown::Pushed { client: shown }) if client == shown => {
            Ok(())
        }
        (Purpose::Email { .. }, Shown::Email) | (Purpose::Reset { .. }, Shown::Reset) => Ok(()),
        (_, Shown::Code { .. } | Shown::Pushed { .. } | Shown::Email | Shown::Reset) => {
            Err(Refusal::NotYours)
        }
    }
}
