//! A device that somebody signs in from elsewhere: a command line, a television.
//!
//! The device shows a short code, its owner types it into a browser and says yes or no, and the
//! device, which has asked all the while, gets its tokens once. It is named after the hash of the
//! short code and holds the hash of the long one, which only the device knows.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, already_done, refuse};
use serde::{Deserialize, Serialize};

use crate::{GrantId, SignIn};

/// What may be asked of a device's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Command {
    /// Begin.
    Ask { client: String, scopes: Vec<String>, secret: String, grant: GrantId, until: u64 },
    /// Its owner says yes.
    Approve { sign_in: SignIn, at: u64 },
    /// Its owner says no.
    Deny,
    /// Give the device what it has asked for.
    Redeem { client: String, secret: String, at: u64 },
}

/// What has happened to a device's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Event {
    /// It began.
    Asked { client: String, scopes: Vec<String>, secret: String, grant: GrantId, until: u64 },
    /// Its owner said yes.
    Approved { sign_in: SignIn },
    /// Its owner said no.
    Denied,
    /// The device got what it asked for.
    Redeemed { at: u64 },
}

/// Why the answer is no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// There is no such request.
    #[error("no device asks under this code")]
    Unknown,
    /// There is such a request.
    #[error("a device asks under this code already")]
    Exists,
    /// Its time is over.
    #[error("the code has ended")]
    Ended,
    /// Its owner has not said anything yet.
    #[error("nobody has said yes or no yet")]
    Pending,
    /// Its owner has said no.
    #[error("the answer was no")]
    Denied,
    /// It was answered, or redeemed, before.
    #[error("the code was used already")]
    Used,
    /// Another device asks.
    #[error("the request is another device's")]
    NotYours,
}

/// A device's request as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Device {
    /// There is none.
    #[default]
    Unknown,
    /// It waits for its owner.
    Waiting(Request),
    /// Its owner has said yes.
    Approved(Request, SignIn),
    /// Its owner has said no.
    Denied(Request),
    /// It is over.
    Done(Request),
}

/// What a device asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub struct Request {
    pub client: String,
    pub scopes: Vec<String>,
    secret: String,
    pub grant: GrantId,
    pub until: u64,
}

impl Facts for Event {
    const KIND: &'static str = Device::KIND;
}

impl Aggregate for Device {
    const KIND: &'static str = "device";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match (self, command) {
            (Self::Unknown, Command::Ask { client, scopes, secret, grant, until }) => {
                accept(Event::Asked { client, scopes, secret, grant, until })
            }
            (Self::Unknown, _) => refuse(Refusal::Unknown),
            (_, Command::Ask { .. }) => refuse(Refusal::Exists),
            (Self::Waiting(request), Command::Approve { at, .. }) if at >= request.until => {
                refuse(Refusal::Ended)
            }
            (Self::Waiting(_), Command::Approve { sign_in, .. }) => {
                accept(Event::Approved { sign_in })
            }
            (Self::Waiting(_), Command::Deny) => accept(Event::Denied),
            (Self::Denied(_), Command::Deny) => already_done(),
            (_, Command::Approve { .. } | Command::Deny) => refuse(Refusal::Used),
            (
                Self::Waiting(request)
                | Self::Approved(request, _)
                | Self::Denied(request)
                | Self::Done(request),
                Command::Redeem { client, secret, at },
            ) => self.redeem(request, (&client, &secret), at),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::Unknown, Event::Asked { client, scopes, secret, grant, until }) => {
                Ok(Self::Waiting(Request {
                    client: client.clone(),
                    scopes: scopes.clone(),
                    secret: secret.clone(),
                    grant: *grant,
                    until: *until,
                }))
            }
            (Self::Waiting(request), Event::Approved { sign_in }) => {
                Ok(Self::Approved(request, sign_in.clone()))
            }
            (Self::Waiting(request), Event::Denied) => Ok(Self::Denied(request)),
            (Self::Approved(request, _), Event::Redeemed { .. }) => Ok(Self::Done(request)),
            (state, event) => Err(Impossible::new(&state, event)),
        }
    }
}

impl Device {
    fn redeem(&self, asked: &Request, shown: (&str, &str), at: u64) -> Decision<Self> {
        if (asked.client.as_str(), asked.secret.as_str()) != shown {
            return refuse(Refusal::NotYours);
        }
        if at >= asked.until {
            return refuse(Refusal::Ended);
        }
        match self {
            Self::Unknown => refuse(Refusal::Unknown),
            Self::Waiting(_) => refuse(Refusal::Pending),
            Self::Denied(_) => refuse(Refusal::Denied),
            Self::Done(_) => refuse(Refusal::Used),
            Self::Approved(..) => accept(Event::Redeemed { at }),
        }
    }
}
