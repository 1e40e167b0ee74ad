//! The header of a token: which key, which type, and what we never follow.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use crate::VerifyError;

/// What a header says. Nothing of it is believed but the name of the key, and that only chooses.
#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    #[serde(default, deserialize_with = "said")]
    pub(crate) kid: Option<String>,
    #[serde(default, deserialize_with = "said")]
    pub(crate) typ: Option<String>,
    #[serde(default, deserialize_with = "said")]
    pub(crate) jwk: Option<serde_json::Value>,
    #[serde(default, deserialize_with = "said")]
    crit: Option<Present>,
    #[serde(default, deserialize_with = "said")]
    b64: Option<Present>,
    #[serde(default, deserialize_with = "said")]
    jku: Option<Present>,
    #[serde(default, deserialize_with = "said")]
    x5u: Option<Present>,
    #[serde(default, deserialize_with = "said")]
    x5c: Option<Present>,
    #[serde(default, deserialize_with = "said")]
    zip: Option<Present>,
    #[serde(default, deserialize_with = "said")]
    enc: Option<Present>,
}

/// Something stands there, be it `null`.
#[derive(Debug)]
struct Present;

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_any| Self)
    }
}

/// A text that, if it is named, is there: `null` is none.
pub(crate) fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Header {
    /// Reads a header and refuses what asks us to follow it, to trust a key it brings along, or
    /// to understand what we do not.
    pub(crate) fn read(bytes: &[u8], may_bring_its_key: bool) -> Result<Self, VerifyError> {
        let header: Self = serde_json::from_slice(bytes)
            .map_err(|_source| VerifyError::Malformed { part: "header" })?;
        let refused = [
            ("jwk", header.jwk.is_some() && !may_bring_its_key),
            ("crit", header.crit.is_some()),
            ("b64", header.b64.is_some()),
            ("jku", header.jku.is_some()),
            ("x5u", header.x5u.is_some()),
            ("x5c", header.x5c.is_some()),
            ("zip", header.zip.is_some()),
            ("enc", header.enc.is_some()),
        ];
        match refused.into_iter().find(|(_, is_there)| *is_there) {
            Some((name, _)) => Err(VerifyError::Header { name }),
            None => Ok(header),
        }
    }

    /// The type, as RFC 7515 has it compared: without `application/`, letters folded.
    pub(crate) fn is_of_type(&self, expected: &str) -> bool {
        let Some(typ) = &self.typ else { return false };
        let prefix = "application/";
        let short = match typ.get(..prefix.len()) {
            Some(start) if start.eq_ignore_ascii_case(prefix) => &typ[prefix.len()..],
            _ => typ,
        };
        short.eq_ignore_ascii_case(expected)
    }
}
