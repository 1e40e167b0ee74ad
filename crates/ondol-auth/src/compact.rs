//! The three parts of a token, read so that each token has exactly one spelling.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::VerifyError;

/// How many bytes a token may have.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// How deep the JSON inside may be nested.
const DEPTH_MAX: usize = 16;

/// A token, taken apart but not believed.
#[derive(Debug)]
pub(crate) struct Compact<'a> {
    /// The bytes of the header.
    pub(crate) header: Vec<u8>,
    /// The bytes of the claims.
    pub(crate) claims: Vec<u8>,
    /// The signature.
    pub(crate) signature: Vec<u8>,
    /// What has been signed.
    pub(crate) signed: &'a [u8],
}

/// The text is not base64url in its only spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not base64url without padding, in its only spelling")]
pub struct NotStrict;

/// The bytes that a text of base64url stands for: no padding, no space, no bit left over.
///
/// # Errors
/// When it is anything else.
pub fn decode_strict(text: &str) -> Result<Vec<u8>, NotStrict> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_other| NotStrict)
}

/// Bytes as base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl<'a> Compact<'a> {
    pub(crate) fn read(token: &'a str) -> Result<Self, VerifyError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(VerifyError::TooLong);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(VerifyError::Malformed { part: "token" });
        };
        let decoded = |part: &str, name: &'static str| match decode_strict(part) {
            Ok(bytes) if !bytes.is_empty() => Ok(bytes),
            Ok(_) | Err(NotStrict) => Err(VerifyError::Malformed { part: name }),
        };
        let signed = &token.as_bytes()[..header.len() + 1 + claims.len()];
        let header = decoded(header, "header")?;
        let claims = decoded(claims, "claims")?;
        let signature = decoded(signature, "signature")?;
        if too_deep(&header) || too_deep(&claims) {
            return Err(VerifyError::Malformed { part: "nesting" });
        }
        Ok(Self { header, claims, signature, signed })
    }
}

/// Whether JSON is nested deeper than anything honest. Brackets in texts do not count.
fn too_deep(json: &[u8]) -> bool {
    // Most have fewer brackets than they may have levels.
    let opens = json.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    if opens <= DEPTH_MAX {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return true;
                }
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}
