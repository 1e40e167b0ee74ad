//! An instance as it is written: its address, or a table with its address and what else is known.

use serde::{Deserialize, Serialize};

/// An instance of a backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct EndpointOptions {
    /// `http://host:port`, `https://host:port`, or `service:name` for a service of the process that the
    /// gateway runs in.
    pub at: String,
    /// Its share of requests, against the others'. 1, if not given.
    pub weight: u32,
    /// Its zone.
    pub zone: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "an endpoint is `\"http://host:port\"`, or `{ at = …, weight = …, zone = … }`"
)]
enum Written {
    At(String),
    Whole(Whole),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    at: String,
    #[serde(default = "one")]
    weight: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
}

const fn one() -> u32 {
    1
}

impl EndpointOptions {
    /// An instance with nothing more to say about it.
    pub fn at(at: impl Into<String>) -> Self {
        Self { at: at.into(), weight: 1, zone: None }
    }
}

impl From<Written> for EndpointOptions {
    fn from(written: Written) -> Self {
        match written {
            Written::At(at) => Self::at(at),
            Written::Whole(Whole { at, weight, zone }) => Self { at, weight, zone },
        }
    }
}

impl From<EndpointOptions> for Written {
    fn from(options: EndpointOptions) -> Self {
        match options {
            EndpointOptions { at, weight: 1, zone: None } => Self::At(at),
            EndpointOptions { at, weight, zone } => Self::Whole(Whole { at, weight, zone }),
        }
    }
}
