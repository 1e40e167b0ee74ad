//! Who is asking: the client's own address, through proxies that are trusted.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};

use crate::snapshot::Snapshot;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl Snapshot {
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(address))
    }

    /// The client's address: the peer's, or what trusted proxies say, as far back as they are trusted.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let mut client = peer;
        let values: Vec<_> = headers.get_all(&FORWARDED_FOR).iter().collect();
        for value in values.iter().rev() {
            for said in value.to_str().unwrap_or_default().rsplit(',') {
                if !self.trusts(client) {
                    return client;
                }
                let Ok(before) = said.trim().parse() else { return client };
                client = before;
            }
        }
        client
    }
}
