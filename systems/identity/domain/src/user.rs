//! A user: somebody who can prove who he is.
//!
//! He registers once, with an e-mail address that nobody else has. What is known of him is sealed,
//! and can be forgotten: then he is nobody, for ever, and whoever comes with his address later is
//! another. A number of his second factor counts once.

use std::collections::BTreeSet;

use ondol_domain::{
    Aggregate, Decision, Facts, Impossible, Sealed, Unique, accept, already_done, refuse,
};
use ondol_kernel::Tag;
use serde::{Deserialize, Serialize};

use crate::Role;

/// What may be asked of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Command {
    /// Become one. How many have had the address before, and were forgotten, is said with it.
    Register {
        email: Sealed<String>,
        lookup: String,
        name: Sealed<String>,
        password: Sealed<String>,
        at: u64,
        after: u32,
    },
    /// The address is his: he has read what was sent to it.
    VerifyEmail,
    /// Prove himself by another password from now on.
    ChangePassword { password: Sealed<String>, at: u64 },
    /// The same password, hashed as passwords are hashed now.
    HashAnew { password: Sealed<String> },
    /// Get ready for a second factor.
    OfferTotp { secret: Sealed<String> },
    /// A number of the second factor was right; the first one makes it count.
    UseTotp { step: u64 },
    /// Go without a second factor.
    RemoveTotp { at: u64 },
    /// Be something.
    Grant { role: Role },
    /// Be it no longer.
    Withdraw { role: Role },
    /// Be forgotten.
    Forget,
}

/// What has happened to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum Event {
    /// He became one.
    Registered {
        email: Sealed<String>,
        lookup: String,
        name: Sealed<String>,
        password: Sealed<String>,
        at: u64,
        #[serde(default, skip_serializing_if = "is_nobody")]
        after: u32,
    },
    /// The address is his.
    EmailVerified,
    /// He proves himself by another password; earlier sign-ins have ended.
    PasswordChanged { password: Sealed<String>, at: u64 },
    /// His password is the same, and is hashed at a higher cost.
    PasswordHashedAnew { password: Sealed<String> },
    /// A second factor is ready.
    TotpOffered { secret: Sealed<String> },
    /// A number of the second factor was used.
    TotpUsed { step: u64 },
    /// He goes without a second factor; earlier sign-ins have ended.
    TotpRemoved { at: u64 },
    /// He is something.
    RoleGranted { role: Role },
    /// He is it no longer.
    RoleWithdrawn { role: Role },
    /// He was forgotten.
    Forgotten,
}

/// Why the answer is no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// Nobody has this id.
    #[error("nobody is registered under this id")]
    NotRegistered,
    /// Somebody has this id.
    #[error("somebody is registered under this id already")]
    AlreadyRegistered,
    /// Somebody has this address.
    #[error("this e-mail address is in use already")]
    EmailTaken,
    /// He was forgotten.
    #[error("this user was forgotten")]
    Forgotten,
    /// There is no second factor.
    #[error("there is no second factor")]
    NoTotp,
    /// The number was used.
    #[error("this number of the second factor was used already")]
    TotpUsed,
    /// There is a second factor already.
    #[error("there is a second factor already; it has to be removed first")]
    TotpActive,
}

/// A user as he stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum User {
    /// Nobody.
    #[default]
    Nobody,
    /// Somebody.
    Known(Box<Profile>),
    /// Nobody any more.
    Forgotten,
}

/// What the next decision, and a sign-in, need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// His address.
    pub email: Sealed<String>,
    /// What his address is found by.
    pub lookup: String,
    /// His name.
    pub name: Sealed<String>,
    /// The hash of his password.
    pub password: Sealed<String>,
    /// Whether the address is known to be his.
    pub is_verified: bool,
    /// His second factor.
    pub totp: Option<Totp>,
    /// What he may be.
    pub roles: BTreeSet<Role>,
    /// Sign-ins from before this moment have ended.
    pub sign_ins_from: u64,
}

/// A second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totp {
    /// Its secret.
    pub secret: Sealed<String>,
    /// The last step of which a number was used; none before the first.
    pub last_step: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_nobody(before: &u32) -> bool {
    *before == 0
}

impl Profile {
    /// The second factor, once it counts.
    pub fn active_totp(&self) -> Option<&Totp> {
        self.totp.as_ref().filter(|totp| totp.last_step.is_some())
    }
}

impl Facts for Event {
    const KIND: &'static str = User::KIND;
}

impl Aggregate for User {
    const KIND: &'static str = "user";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match (self, command) {
            (Self::Nobody, Command::Register { email, lookup, name, password, at, after }) => {
                accept(Event::Registered { email, lookup, name, password, at, after })
            }
            (Self::Nobody, _) => refuse(Refusal::NotRegistered),
            (Self::Forgotten, Command::Forget) => already_done(),
            (Self::Forgotten, _) => refuse(Refusal::Forgotten),
            (Self::Known(_), Command::Register { .. }) => refuse(Refusal::AlreadyRegistered),
            (Self::Known(known), Command::VerifyEmail) if known.is_verified => already_done(),
            (Self::Known(_), Command::VerifyEmail) => accept(Event::EmailVerified),
            (Self::Known(_), Command::ChangePassword { password, at }) => {
                accept(Event::PasswordChanged { password, at })
            }
            (Self::Known(known), Command::HashAnew { password }) if known.password == password => {
                already_done()
            }
            (Self::Known(_), Command::HashAnew { password }) => {
                accept(Event::PasswordHashedAnew { password })
            }
            (Self::Known(known), Command::OfferTotp { .. }) if known.active_totp().is_some() => {
                refuse(Refusal::TotpActive)
            }
            (Self::Known(_), Command::OfferTotp { secret }) => {
                accept(Event::TotpOffered { secret })
            }
            (Self::Known(known), Command::UseTotp { step }) => match &known.totp {
                None => refuse(Refusal::NoTotp),
                Some(totp) if totp.last_step >= Some(step) => refuse(Refusal::TotpUsed),
                Some(_) => accept(Event::TotpUsed { step }),
            },
            (Self::Known(known), Command::RemoveTotp { .. }) if known.totp.is_none() => {
                already_done()
            }
            (Self::Known(_), Command::RemoveTotp { at }) => accept(Event::TotpRemoved { at }),
            (Self::Known(known), Command::Grant { role }) if known.roles.contains(&role) => {
                already_done()
            }
            (Self::Known(_), Command::Grant { role }) => accept(Event::RoleGranted { role }),
            (Self::Known(known), Command::Withdraw { role }) if !known.roles.contains(&role) => {
                already_done()
            }
            (Self::Known(_), Command::Withdraw { role }) => accept(Event::RoleWithdrawn { role }),
            (Self::Known(_), Command::Forget) => accept(Event::Forgotten),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::Nobody, Event::Registered { email, lookup, name, password, at, .. }) => {
                Ok(Self::Known(Box::new(Profile {
                    email: email.clone(),
                    lookup: lookup.clone(),
                    name: name.clone(),
                    password: password.clone(),
                    is_verified: false,
                    totp: None,
                    roles: BTreeSet::from([Role::User]),
                    sign_ins_from: *at,
                })))
            }
            (Self::Known(_), Event::Forgotten) => Ok(Self::Forgotten),
            (Self::Known(mut known), event) => match known.record(event) {
                Ok(()) => Ok(Self::Known(known)),
                Err(rule) => Err(Impossible::new(&known, event).because(rule)),
            },
            (state @ (Self::Nobody | Self::Forgotten), event) => {
                Err(Impossible::new(&state, event))
            }
        }
    }

    fn unique(event: &Event) -> Vec<Unique<Refusal>> {
        let Event::Registered { lookup, after, .. } = event else { return Vec::new() };
        let tag = match after {
            0 => Tag::new(format!("email:{lookup}")),
            after => Tag::new(format!("email:{lookup}:{after}")),
        };
        let claim = |tag| Unique { tag, taken: Refusal::EmailTaken };
        tag.map(claim).into_iter().collect()
    }
}

impl Profile {
    fn record(&mut self, event: &Event) -> Result<(), &'static str> {
        match event {
            Event::Registered { .. } => return Err("nobody registers twice"),
            Event::Forgotten => return Err("who was forgotten is nobody"),
            Event::EmailVerified => self.is_verified = true,
            Event::PasswordChanged { password, at } => {
                self.password.clone_from(password);
                self.sign_ins_from = *at;
            }
            Event::PasswordHashedAnew { password } => self.password.clone_from(password),
            Event::TotpOffered { secret } => {
                self.totp = Some(Totp { secret: secret.clone(), last_step: None });
            }
            Event::TotpUsed { step } => match &mut self.totp {
                Some(totp) if totp.last_step < Some(*step) => totp.last_step = Some(*step),
                Some(_) => return Err("a number counts once"),
                None => return Err("there is no second factor"),
            },
            Event::TotpRemoved { at } => {
                self.totp = None;
                self.sign_ins_from = *at;
            }
            Event::RoleGranted { role } => drop(self.roles.insert(*role)),
            Event::RoleWithdrawn { role } => drop(self.roles.remove(role)),
        }
        Ok(())
    }
}
