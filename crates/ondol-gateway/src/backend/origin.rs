//! An instance's address as it is written.

use std::str::FromStr;

/// Where an instance is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum At {
    /// Somewhere on the network.
    Origin(Origin),
    /// In this very process, under this name.
    Service(String),
}

/// A place on the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) secure: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Why this is not the address of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum OriginError {
    #[error("an address begins with `http://`, `https://` or `service:`")]
    Scheme,
    #[error("an address has no path: rewriting is the route's")]
    Path,
    #[error("the port is not a number")]
    Port,
    #[error("there is no host")]
    Host,
    #[error("the service has no name")]
    Name,
}

impl FromStr for At {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        match text.strip_prefix("service:") {
            Some("") => Err(OriginError::Name),
            Some(name) => Ok(Self::Service(name.to_owned())),
            None => text.parse().map(Self::Origin),
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (secure, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(OriginError::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(OriginError::Path);
        }
        let ordinary = if secure { 443 } else { 80 };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_error| OriginError::Port)?)
            }
            _ => (rest, ordinary),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() { Err(OriginError::Host) } else { Ok(Self { secure, host, port }) }
    }
}
