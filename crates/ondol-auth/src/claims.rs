//! The claims of an access token (RFC 9068), read strictly: a date is a whole number of seconds,
//! a claim that is named is there, and a claim named twice is no token.

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::header::said;

/// How many recipients a token may name.
const AUDIENCES_MAX: usize = 16;
/// The year 9999: later is no date.
const DATE_MAX: u64 = 253_402_300_799;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who has issued it.
    pub iss: String,
    /// Of whom it speaks.
    pub sub: String,
    /// For whom it is.
    pub aud: Audience,
    /// When it ends, in seconds since 1970.
    #[serde(deserialize_with = "date")]
    pub exp: u64,
    /// When it was issued.
    #[serde(deserialize_with = "date")]
    pub iat: u64,
    /// When it begins.
    #[serde(default, deserialize_with = "some_date", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// Its own id.
    pub jti: String,
    /// The client it was issued to.
    pub client_id: String,
    /// What it allows, as words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// What its subject may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The sign-in it came from.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// On whose ground it is valid.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// How strongly its subject has proved himself.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// When.
    #[serde(default, deserialize_with = "some_date", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<u64>,
    /// Which key its holder has to prove.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

/// For whom a token is: one, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience(pub Vec<String>);

/// Which key the holder of a token has to prove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The thumbprint of a key (DPoP).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// The thumbprint of a client's certificate (mutual TLS).
    #[serde(default, rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

impl Audience {
    /// Whether it names this recipient.
    pub fn names(&self, recipient: &str) -> bool {
        self.0.iter().any(|name| name == recipient)
    }
}

impl<S: Into<String>> From<S> for Audience {
    fn from(only: S) -> Self {
        Self(vec![only.into()])
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [only] => serializer.serialize_str(only),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;

        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Audience;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a recipient, or a list of them")
            }

            fn visit_str<E>(self, text: &str) -> Result<Audience, E> {
                Ok(text.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Audience, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                    if names.len() > AUDIENCES_MAX {
                        return Err(A::Error::custom("too many recipients"));
                    }
                }
                Ok(Audience(names))
            }
        }

        deserializer.deserialize_any(OneOrSeveral)
    }
}

/// A date of a token. A text, a fraction, `null`, a list, or less than nothing is none: a library
/// that took `"exp": "never"` for no date at all let such tokens live for ever (CVE-2026-25537).
pub(crate) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let seconds = u64::deserialize(deserializer)?;
    if seconds > DATE_MAX {
        return Err(D::Error::custom("no date lies after the year 9999"));
    }
    Ok(seconds)
}

pub(crate) fn some_date<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    date(deserializer).map(Some)
}
