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
    let text = only.to_str().map_err(|_not_text| BearerError::NotBearer)?;
    let (scheme, token) = text.split_once(' ').ok_or(BearerError::NotBearer)?;
    let with_proof = scheme.eq_ignore_ascii_case("DPoP");
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let fits = with_proof || scheme.eq_ignore_ascii_case("Bearer");
    if !fits || token.is_empty() || !token.bytes().all(is_token) {
        return Err(BearerError::NotBearer);
    }
    Ok((token, with_proof))
}
