//! Where a request comes from: the other end of its connection, or what a gateway of ours says.
//!
//! Whoever is throttled, and what is written down, goes by this address. A gateway in the same process
//! asks by a function call, and there is no connection; one that stands elsewhere is named in the
//! settings. What anybody else says of where he comes from is not read.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::request::Parts;
use ondol_http::Peer;

use crate::provider::Provider;

/// What a gateway adds to, on the right: whom it was asked by.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
struct CameFrom(IpAddr);

/// Notes it for all that follows.
pub(crate) async fn noted(
    State(provider): State<Provider>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_canonical());
    if let Some(address) = came_from(peer, request.headers(), &provider.options().gateways) {
        request.extensions_mut().insert(CameFrom(address));
    }
    next.run(request).await
}

/// The address that a request comes from.
pub(crate) fn address_of(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<CameFrom>().map(|from| from.0)
}

/// Follows what gateways say, from the last to the first, for as long as they are ours.
fn came_from(peer: Option<IpAddr>, headers: &HeaderMap, gateways: &[IpAddr]) -> Option<IpAddr> {
    let is_ours = |address: IpAddr| gateways.iter().any(|own| own.to_canonical() == address);
    let said: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .collect();
    let mut from = peer;
    for before in said.into_iter().rev() {
        if from.is_some_and(|address| !is_ours(address)) {
            return from;
        }
        let Ok(before) = before.trim().parse::<IpAddr>() else { return from };
        from = Some(before.to_canonical());
    }
    from
}

/// The name under which tries from an address are counted. One household has many addresses of the
/// sixth version, and counts as one.
pub(crate) fn household(address: Option<IpAddr>) -> String {
    match address {
        None => String::new(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests;
