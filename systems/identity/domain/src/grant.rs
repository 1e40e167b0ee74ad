//! A grant: what somebody has allowed a client, for as long as it comes back for more.
//!
//! Each time, the client shows the newest refresh token and gets the next. One that was replaced a
//! moment ago may be shown again, by the same client: its answer may have been lost. One that was
//! replaced longer ago is stolen, or was: everything ends.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, already_done, refuse};
use serde::{Deserialize, Serialize};

use crate::SignIn;

/// How long after it was replaced a refresh token may still be shown, in seconds.
pub const GRACE_SECONDS: u64 = 10;
/// How many tokens may be good at once: parallel requests within the grace.
pub const GOOD_MAX: usize = 4;

/// What may be asked of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Command {
    /// Begin.
    Open { terms: Box<Terms>, token: Option<String> },
    /// Replace the token that is shown.
    Refresh { client: String, shown: String, next: String, at: u64 },
    /// End.
    Revoke { because: Because },
}

/// What was allowed, whom, by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub struct Terms {
    pub client: String,
    pub scopes: Vec<String>,
    pub sign_in: SignIn,
    /// When it ends whatever happens.
    pub until: u64,
}

/// Why a grant has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Because {
    /// The client gave it back.
    Client,
    /// Its owner signed out or took it back.
    Owner,
    /// A token that was replaced was shown again.
    Reuse,
    /// The code that opened it was shown again.
    CodeReuse,
}

/// What has happened to a grant. Tokens stand here as hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Event {
    /// It began.
    Opened { terms: Box<Terms>, token: Option<String> },
    /// A token was replaced.
    Refreshed { shown: String, next: String, at: u64 },
    /// It ended.
    Revoked { because: Because },
}

/// Why the answer is no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// There is none.
    #[error("there is no such grant")]
    Unknown,
    /// There is one.
    #[error("there is such a grant already")]
    Exists,
    /// It has ended.
    #[error("the grant has ended")]
    Ended,
    /// It is another client's.
    #[error("the grant is another client's")]
    NotYours,
    /// No token of it ever was this one.
    #[error("the grant never had this token")]
    NoSuchToken,
}

/// A grant as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Grant {
    /// There is none.
    #[default]
    Unknown,
    /// It goes on.
    Open(Box<Book>),
    /// It has ended.
    Ended,
}

/// The tokens of a grant that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    /// What was allowed.
    pub terms: Terms,
    good: Vec<String>,
    replaced: Vec<(String, u64)>,
}

impl Facts for Event {
    const KIND: &'static str = Grant::KIND;
}

impl Aggregate for Grant {
    const KIND: &'static str = "grant";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match (self, command) {
            (Self::Unknown, Command::Open { terms, token }) => {
                accept(Event::Opened { terms, token })
            }
            (Self::Unknown, Command::Refresh { .. }) => refuse(Refusal::Unknown),
            (Self::Open(_), Command::Open { .. }) => refuse(Refusal::Exists),
            (Self::Ended, Command::Revoke { .. }) => already_done(),
            (Self::Ended, Command::Open { .. } | Command::Refresh { .. }) => refuse(Refusal::Ended),
            // A code that was shown twice before it had opened anything opens nothing any more.
            (Self::Unknown | Self::Open(_), Command::Revoke { because }) => {
                accept(Event::Revoked { because })
            }
            (Self::Open(book), Command::Refresh { client, shown, next, at }) => {
                book.refresh(&client, shown, next, at)
            }
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::Unknown, Event::Opened { terms, token }) => {
                let good = token.iter().cloned().collect();
                let terms = Terms::clone(terms);
                Ok(Self::Open(Box::new(Book { terms, good, replaced: Vec::new() })))
            }
            (Self::Unknown | Self::Open(_), Event::Revoked { .. }) => Ok(Self::Ended),
            (Self::Open(mut book), Event::Refreshed { shown, next, at }) => {
                book.replace(shown, next, *at);
                Ok(Self::Open(book))
            }
            (state, event) => Err(Impossible::new(&state, event)),
        }
    }
}

impl Book {
    /// Whether a token is one of the grant's, good or replaced.
    pub fn knows(&self, token: &str) -> bool {
        let mut replaced = self.replaced.iter().map(|(token, _)| token);
        self.good.iter().any(|good| good == token) || replaced.any(|old| old == token)
    }

    fn refresh(&self, client: &str, shown: String, next: String, at: u64) -> Decision<Grant> {
        if self.terms.client != client {
            return refuse(Refusal::NotYours);
        }
        if at >= self.terms.until {
            return refuse(Refusal::Ended);
        }
        if self.good.contains(&shown) {
            return accept(Event::Refreshed { shown, next, at });
        }
        match self.replaced.iter().find(|(token, _)| *token == shown) {
            None => refuse(Refusal::NoSuchToken),
            Some((_, when)) if at <= when + GRACE_SECONDS && self.good.len() < GOOD_MAX => {
                accept(Event::Refreshed { shown, next, at })
            }
            Some(_) => accept(Event::Revoked { because: Because::Reuse }),
        }
    }

    fn replace(&mut self, shown: &str, next: &str, at: u64) {
        if let Some(place) = self.good.iter().position(|token| token == shown) {
            self.good.remove(place);
            self.replaced.push((shown.to_owned(), at));
        }
        self.good.push(next.to_owned());
    }
}
