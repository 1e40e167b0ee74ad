//! Which of a client's headers go on, and which are the gateway's to set.
//!
//! Headers that say who someone is are the gateway's word. A client's are stripped, under every
//! spelling an upstream may take for the same: a name with an underscore never goes on. `Connection`
//! may name hop-by-hop headers only; one that tries to have another stripped is refused.

use http::header::{CONNECTION, HeaderName, TE, UPGRADE};
use http::{HeaderMap, HeaderValue};

use crate::problem::Problem;

/// What is stripped from what clients send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HeaderPolicy {
    exact: Vec<String>,
    prefixes: Vec<String>,
    /// First letters of all names that are stripped, so that most headers need not be looked at twice.
    firsts: Firsts,
}

/// A set of letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Firsts(u128);

impl Firsts {
    fn add(&mut self, name: &str) {
        // What begins with nothing begins with everything.
        self.0 |= name.bytes().next().map_or(u128::MAX, |byte| 1 << (byte & 127));
    }

    fn has(self, name: &str) -> bool {
        name.bytes().next().is_some_and(|byte| self.0 & (1 << (byte & 127)) != 0)
    }
}

/// What was learnt on the way.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The protocol the client would like to change to.
    pub(crate) upgrade: Option<HeaderValue>,
    /// Whether it understands trailers.
    pub(crate) trailers: bool,
}

/// What proxies say about where a request came from.
const FORWARDING: [&str; 10] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-real-ip",
    "x-original-url",
    "client-cert",
    "client-cert-chain",
];

impl HeaderPolicy {
    /// Strips these names; one that ends in `*` means all that begin so.
    pub(crate) fn new(names: &[String]) -> Self {
        let mut policy = Self::default();
        for name in FORWARDING {
            policy.firsts.add(name);
        }
        for name in names {
            let name = name.to_ascii_lowercase();
            match name.strip_suffix('*') {
                Some(prefix) => {
                    policy.firsts.add(prefix);
                    policy.prefixes.push(prefix.to_owned());
                }
                None => {
                    policy.firsts.add(&name);
                    policy.exact.push(name);
                }
            }
        }
        policy
    }

    /// Brings a client's headers into the form in which they go on.
    pub(crate) fn apply(&self, headers: &mut HeaderMap, trusted: bool) -> Result<Kept, Problem> {
        let trailers = headers.get(TE).is_some_and(|value| value == "trailers");
        let mut kept = Kept { upgrade: None, trailers };
        if headers.contains_key(CONNECTION) {
            let upgrades = check_connection(headers)?;
            if upgrades && headers.get_all(UPGRADE).iter().count() == 1 {
                kept.upgrade = headers.get(UPGRADE).cloned();
            }
        }
        let doomed: Vec<_> =
            headers.keys().filter(|name| self.strips(name, trusted)).cloned().collect();
        for name in doomed {
            headers.remove(name);
        }
        Ok(kept)
    }

    /// Whether a header that has come through is the gateway's own word about who someone is.
    pub(crate) fn tells_who(&self, name: &HeaderName) -> bool {
        let text = name.as_str();
        self.firsts.has(text)
            && (self.exact.iter().any(|exact| exact == text)
                || self.prefixes.iter().any(|prefix| text.starts_with(prefix.as_str())))
    }

    fn strips(&self, name: &HeaderName, trusted: bool) -> bool {
        if is_hop_by_hop(name) {
            return true;
        }
        let text = name.as_str();
        if memchr::memchr(b'_', text.as_bytes()).is_some() {
            return true;
        }
        if self.firsts.has(text) {
            return (!trusted && FORWARDING.contains(&text))
                || self.exact.iter().any(|exact| exact == text)
                || self.prefixes.iter().any(|prefix| text.starts_with(prefix.as_str()));
        }
        false
    }
}

/// Whether a header is for the next hop only.
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "transfer-encoding"
            | "upgrade"
            | "te"
            | "trailer"
            | "expect"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "http2-settings"
    )
}

/// Whether the client wants to change the protocol.
fn check_connection(headers: &HeaderMap) -> Result<bool, Problem> {
    const KNOWN: [&[u8]; 6] = [b"close", b"keep-alive", b"te", b"trailer", b"http2-settings", b""];
    let mut upgrades = false;
    for value in headers.get_all(CONNECTION) {
        for option in value.as_bytes().split(|byte| *byte == b',') {
            let option = option.trim_ascii();
            if option.eq_ignore_ascii_case(b"upgrade") {
                upgrades = true;
                continue;
            }
            if !KNOWN.iter().any(|known| option.eq_ignore_ascii_case(known)) {
                return Err(Problem::BadHeader("Connection names what is not hop-by-hop"));
            }
        }
    }
    Ok(upgrades)
}

/// Takes what was for this hop out of an upstream's answer.
pub(crate) fn clean_answer(headers: &mut HeaderMap) {
    // Most answers have this one, and no other.
    headers.remove(CONNECTION);
    let doomed: Vec<_> = headers.keys().filter(|name| is_hop_by_hop(name)).cloned().collect();
    for name in doomed {
        headers.remove(name);
    }
}
