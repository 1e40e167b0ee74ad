//! The token of a request: from one place, said once (RFC 6750).

use http::{HeaderMap, header};

/// Why a request has no token that can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BearerError {
    /// There is none.
    #[error("the request has no token")]
    Missing,
    /// It says more than once who asks.
    #[error("the request says more than once who asks")]
    Twice,
    /// What is there is not a token.
    #[error("the authorization is not `Bearer` or `DPoP` and a token")]
    NotBearer,
}

/// The token of a request, and whether it is shown with a proof. One that stands in the address
/// is none: addresses end up in logs.
///
/// # Errors
/// When there is not exactly one.
pub fn bearer(headers: &HeaderMap) -> Result<(&str, bool), BearerError> {
    let mut said = headers.get_all(header::AUTHORIZATION).iter();
    let only = said.next().ok_or(BearerError::Missing)?;
    if said.next().is_some() {
        return Err(BearerError::Twice);
    }
    let text = str::from_utf8(only.as_bytes()).map_err(|_not_text| BearerError::NotBearer)?;
    let (scheme, token) = text.split_once(' ').ok_or(BearerError::NotBearer)?;
    let with_proof = scheme.eq_ignore_ascii_case("DPoP");
    let fits = with_proof || scheme.eq_ignore_ascii_case("Bearer");
    if !fits || token.is_empty() || !is_token(token) {
        return Err(BearerError::NotBearer);
    }
    Ok((token, with_proof))
}

/// Whether it has letters of a token only (`token68`). All of them are looked at, whatever the first ones
/// are: that way many are looked at in one step.
fn is_token(text: &str) -> bool {
    let fits = |byte: u8| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        let (minus, dot, low) = (byte == b'-', byte == b'.', byte == b'_');
        let (wave, plus, slash, equals) = (byte == b'~', byte == b'+', byte == b'/', byte == b'=');
        letter | digit | minus | dot | low | wave | plus | slash | equals
    };
    text.bytes().fold(true, |all, byte| all & fits(byte))
}
