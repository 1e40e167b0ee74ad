//! Who asks, as far as limits want to know.

use std::net::IpAddr;

use http::HeaderMap;

use super::limit::By;

/// Bits of an IPv6 address by which a request counts that lacks what its limit is per.
const IPV6_BITS: u8 = 64;

/// Who sends a request. Nobody says so himself: user and key have been verified, and the address is the
/// client's own behind trusted proxies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) address: IpAddr,
    pub(crate) headers: &'a HeaderMap,
}

/// What is counted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key<'a> {
    Route,
    User(&'a str),
    Program(&'a str),
    Address(u128),
    Header(&'a [u8]),
}

impl<'a> Asker<'a> {
    /// What a request counts under. One that lacks it counts under its address: to leave it out must
    /// not be a way around.
    pub(crate) fn key(&self, by: &By) -> Key<'a> {
        let key = match by {
            By::Route => Some(Key::Route),
            By::User => self.user.map(Key::User),
            By::Key => self.key.map(Key::Program),
            By::Address(bits) => Some(Key::Address(network(self.address, *bits))),
            By::Header(name) => self.headers.get(name).map(|value| Key::Header(value.as_bytes())),
        };
        key.unwrap_or_else(|| Key::Address(network(self.address, IPV6_BITS)))
    }
}

impl Key<'_> {
    /// The same as bytes that are the same in every gateway.
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        let address;
        let (kind, bytes): (u8, &[u8]) = match self {
            Self::Route => (b'r', &[]),
            Self::User(user) => (b'u', user.as_bytes()),
            Self::Program(key) => (b'k', key.as_bytes()),
            Self::Address(bits) => {
                address = bits.to_be_bytes();
                (b'a', &address)
            }
            Self::Header(value) => (b'h', value),
        };
        to.push(kind);
        to.extend_from_slice(bytes);
    }
}

/// A whole IPv4 address, and the first bits of an IPv6 address.
fn network(address: IpAddr, bits: u8) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            u128::from(address) & mask
        }
    }
}

#[cfg(test)]
mod tests;
