//! Ranges of addresses, and the regions that are made of them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::config::RegionOptions;

/// An address, or all that share its first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: Ipv6Addr,
    bits: u32,
}

/// It is neither an address nor a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is neither an address nor `address/bits`")]
pub(crate) struct NotANetwork;

impl Network {
    /// Whether an address is in it. An IPv4 address is the same in its IPv6 clothes.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
        (u128::from(wide(address)) ^ u128::from(self.address)) & mask == 0
    }
}

/// Where clients come from, by their addresses.
#[derive(Debug, Default)]
pub(crate) struct Regions(Vec<(Network, String)>);

impl Regions {
    /// Those of a configuration; networks that are none have been reported by the checker.
    pub(crate) fn of(regions: &BTreeMap<String, RegionOptions>) -> Self {
        let all = regions.iter().flat_map(|(name, region)| {
            let networks = region.networks.iter().filter_map(|network| network.parse().ok());
            networks.map(|network| (network, name.clone()))
        });
        Self(all.collect())
    }

    /// The region of an address: that of the narrowest network it is in.
    pub(crate) fn find(&self, address: IpAddr) -> Option<&str> {
        let fitting = self.0.iter().filter(|(network, _)| network.contains(address));
        fitting.max_by_key(|(network, _)| network.bits).map(|(_, region)| region.as_str())
    }
}

fn wide(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_error| NotANetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().map_err(|_error| NotANetwork)?,
            None => most,
        };
        if bits > most {
            return Err(NotANetwork);
        }
        Ok(Self { address: wide(address), bits: bits + (128 - most) })
    }
}

#[cfg(test)]
mod tests;
