//! Which backend of a split a request goes to.

use std::net::IpAddr;
use std::sync::Arc;

use ondol_doors::Rng;

use super::Exchange;
use crate::backend::Backend;
use crate::config::StickyOptions;
use crate::route::cookie_values;
use crate::snapshot::Split;

/// The backend whose share the request falls into.
pub(crate) fn choose<'a>(split: &'a Split, exchange: &Exchange, rng: &dyn Rng) -> &'a Arc<Backend> {
    let [(first, _), others @ ..] = split.backends.as_slice() else {
        unreachable!("a split without backends is refused by the checker");
    };
    if others.is_empty() {
        return first;
    }
    let sticky = split.sticky.as_ref().and_then(|sticky| identity(sticky, exchange));
    let mut point = sticky.map_or_else(|| rng.below(split.total), |hash| hash % split.total);
    for (backend, share) in &split.backends {
        match point.checked_sub(*share) {
            Some(rest) => point = rest,
            None => return backend,
        }
    }
    first
}

/// Whether something that happens to so many of a hundred happens now.
pub(crate) fn strikes(percent: f64, rng: &dyn Rng) -> bool {
    const PARTS: u32 = 1_000_000;
    if percent <= 0.0 {
        return false;
    }
    let drawn = u32::try_from(rng.below(u64::from(PARTS))).unwrap_or(PARTS);
    f64::from(drawn) < percent / 100.0 * f64::from(PARTS)
}

/// What stays the same about a client, as a number. The same for ever and on every machine.
fn identity(sticky: &StickyOptions, exchange: &Exchange) -> Option<u64> {
    let headers = exchange.request.headers();
    let header = sticky.header.as_ref().and_then(|name| headers.get(name));
    if let Some(value) = header {
        return Some(hash(value.as_bytes()));
    }
    let cookie = sticky.cookie.as_ref().and_then(|name| cookie_values(headers, name).next());
    if let Some(value) = cookie {
        return Some(hash(value.as_bytes()));
    }
    sticky.address.then(|| hash_of(exchange.peer.address.ip()))
}

/// An address as a number.
pub(crate) fn hash_of(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => hash(&address.octets()),
        IpAddr::V6(address) => hash(&address.octets()),
    }
}

/// FNV-1a with a final mix, so that neighbours fall far apart.
fn hash(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}
