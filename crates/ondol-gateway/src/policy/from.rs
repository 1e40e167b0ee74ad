//! From where a route may be called.

use std::net::IpAddr;

use ondol_resilience::Mode;

use crate::address::Network;
use crate::config::FromOptions;
use crate::problem::Problem;

/// Networks that may, and networks that may not.
#[derive(Debug)]
pub(crate) struct From {
    pub(super) mode: Mode,
    allow: Vec<Network>,
    deny: Vec<Network>,
}

impl From {
    /// Networks that are none have been reported by the checker. None, if it is off.
    pub(super) fn new(options: &FromOptions) -> Option<Self> {
        let networks =
            |all: &[String]| all.iter().filter_map(|network| network.parse().ok()).collect();
        let (allow, deny) = (networks(&options.allow), networks(&options.deny));
        (options.mode != Mode::Off).then_some(Self { mode: options.mode, allow, deny })
    }

    /// Whether a client at this address may call.
    pub(super) fn admit(&self, client: IpAddr) -> Result<(), Problem> {
        let within = |networks: &[Network]| networks.iter().any(|it| it.contains(client));
        let allowed = self.allow.is_empty() || within(&self.allow);
        if allowed && !within(&self.deny) { Ok(()) } else { Err(Problem::FromElsewhere) }
    }
}
