//! Which backend of a split a request goes to.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderValue;
use ondol_doors::Rng;

use super::Exchange;
use crate::backend::Backend;
use crate::config::{Colour, HashBy, StickyOptions};
use crate::route::cookie_values;
use crate::snapshot::{Split, Steered};
use crate::steer::{Canary, Side};

/// A backend, and as what its answers are counted.
pub(crate) struct Chosen<'a> {
    pub(crate) backend: &'a Arc<Backend>,
    pub(crate) judged: Option<(&'a Arc<Canary>, Side)>,
}

/// The backend that a request goes to.
pub(crate) fn choose<'a>(split: &'a Split, exchange: &Exchange, rng: &dyn Rng) -> Chosen<'a> {
    match (&split.steered, split.backends.as_slice()) {
        (Some(Steered::Canary(canary)), [(baseline, _), (candidate, _), ..]) => {
            let sticky = split.sticky.as_ref().and_then(|sticky| identity(sticky, exchange));
            let point = sticky.map_or_else(|| rng.below(100), |hash| hash % 100);
            // Who was on the candidate's side stays there as it grows.
            match point < u64::from(canary.share()) {
                true => Chosen { backend: candidate, judged: Some((canary, Side::Candidate)) },
                false => Chosen { backend: baseline, judged: Some((canary, Side::Baseline)) },
            }
        }
        (Some(Steered::Switch(switch)), [(blue, _), (green, _), ..]) => {
            let backend = if switch.active() == Colour::Blue { blue } else { green };
            Chosen { backend, judged: None }
        }
        _ => Chosen { backend: by_share(split, exchange, rng), judged: None },
    }
}

/// The backend whose share the request falls into.
fn by_share<'a>(split: &'a Split, exchange: &Exchange, rng: &dyn Rng) -> &'a Arc<Backend> {
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
    let headers = &exchange.ask.headers;
    let header = sticky.header.as_ref().and_then(|name| headers.get(name));
    if let Some(value) = header {
        return Some(hash(value.as_bytes()));
    }
    let cookie = sticky.cookie.as_ref().and_then(|name| cookie_values(headers, name).next());
    if let Some(value) = cookie {
        return Some(hash(value.as_bytes()));
    }
    sticky.address.then(|| hash_of(exchange.client))
}

/// What a request is balanced by, and the cookie that goes out so that the next one is balanced alike.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) hash: u64,
    pub(super) cookie: Option<HeaderValue>,
}

impl Key {
    /// The key of a request at a backend.
    pub(super) fn of(by: Option<&HashBy>, exchange: &Exchange, rng: &dyn Rng) -> Self {
        let headers = &exchange.ask.headers;
        let cookie = |name| cookie_values(headers, name).next().map(|it| hash(it.as_bytes()));
        let address = || hash_of(exchange.client);
        let hash = match by {
            None | Some(HashBy::Address) => address(),
            Some(HashBy::Path) => hash(exchange.target.path().as_bytes()),
            Some(HashBy::Header(name)) => {
                headers.get(name).map_or_else(address, |value| hash(value.as_bytes()))
            }
            Some(HashBy::Cookie(name)) => cookie(name).unwrap_or_else(address),
            Some(HashBy::Session(name)) => match cookie(name) {
                Some(hash) => hash,
                None => return Self::session(name, exchange, rng),
            },
        };
        Self { hash, cookie: None }
    }

    /// A new session.
    fn session(name: &str, exchange: &Exchange, rng: &dyn Rng) -> Self {
        let id = format!("{:016x}{:016x}", rng.number(), rng.number());
        let secure = if exchange.peer.secure { "; Secure" } else { "" };
        let cookie = format!("{name}={id}; Path=/; HttpOnly; SameSite=Lax{secure}");
        Self { hash: hash(id.as_bytes()), cookie: HeaderValue::from_str(&cookie).ok() }
    }
}

/// An address as a number.
fn hash_of(address: IpAddr) -> u64 {
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
