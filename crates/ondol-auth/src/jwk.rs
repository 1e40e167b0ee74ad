//! A key as it is published (RFC 7517), and its thumbprint (RFC 7638).

use serde::{Deserialize, Serialize};

use crate::compact::encode;

/// A key as it is published. Fields that nobody knows are passed over, as the standard asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// The kind of key.
    pub kty: String,
    /// The key's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// How it signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// What it is for.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What may be done with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// The curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// A coordinate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The other coordinate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// What must never be there: the secret half.
    #[serde(default, skip_serializing)]
    pub(crate) d: Option<serde_json::Value>,
    /// What must never be there: a shared secret.
    #[serde(default, skip_serializing)]
    pub(crate) k: Option<serde_json::Value>,
}

/// The thumbprint of a key: the hash of what makes it this key, and of nothing else.
pub fn thumbprint(key: &Jwk) -> String {
    let of = |part: &Option<String>| part.clone().unwrap_or_default();
    let text = match key.kty.as_str() {
        "EC" => format!(
            r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
            of(&key.crv),
            of(&key.x),
            of(&key.y)
        ),
        "RSA" => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, of(&key.e), of(&key.n)),
        kind => format!(r#"{{"crv":"{}","kty":"{kind}","x":"{}"}}"#, of(&key.crv), of(&key.x)),
    };
    encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
}
