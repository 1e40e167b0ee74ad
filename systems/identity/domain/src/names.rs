//! Whom and what is spoken of.

use ondol_kernel::Id;
use serde::{Deserialize, Serialize};

use crate::grant::Grant;
use crate::user::User;

/// A user, by id.
pub type UserId = Id<User>;
/// What somebody has allowed a client, by id.
pub type GrantId = Id<Grant>;
/// A sign-in, by id.
pub type SessionId = Id<SignIn>;

/// That somebody has proved who he is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Which sign-in.
    pub id: SessionId,
    /// Who.
    pub user: UserId,
    /// When.
    pub at: u64,
    /// By what.
    pub methods: Vec<Method>,
}

/// By what somebody proves who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// Something he knows.
    Password,
    /// A number that changes every half minute.
    Totp,
}

/// What somebody may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are called what they are")]
pub enum Role {
    User,
    Premium,
    Admin,
    Driver,
    Doctor,
    Teller,
    Trader,
    Ops,
}

impl SignIn {
    /// Whether it was proved by two things.
    pub fn is_strong(&self) -> bool {
        self.methods.contains(&Method::Password) && self.methods.contains(&Method::Totp)
    }
}

impl Method {
    /// As tokens name it (RFC 8176).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Totp => "otp",
        }
    }
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::User,
        Self::Premium,
        Self::Admin,
        Self::Driver,
        Self::Doctor,
        Self::Teller,
        Self::Trader,
        Self::Ops,
    ];

    /// The one that tokens name so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// As tokens name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Premium => "premium",
            Self::Admin => "admin",
            Self::Driver => "driver",
            Self::Doctor => "doctor",
            Self::Teller => "teller",
            Self::Trader => "trader",
            Self::Ops => "ops",
        }
    }
}
