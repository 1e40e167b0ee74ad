//! A limit as people say it: `100 / minute per user`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::HeaderName;

/// Calls of a limit, at most.
const CALLS_MAX: u32 = 10_000_000;
/// The shortest and the longest time of a limit.
const PER_MIN: Duration = Duration::from_millis(100);
const PER_MAX: Duration = Duration::from_secs(31 * 24 * 3600);
/// Bits of an IPv6 address that one client has, as a rule.
const IPV6_BITS: u8 = 64;

/// So many calls, in any time of this length, for each of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) calls: u32,
    pub(crate) per: Duration,
    pub(crate) by: By,
}

/// So many at once, for each of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AtOnce {
    pub(crate) calls: u32,
    pub(crate) by: By,
}

/// What requests are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    /// Nothing: all of them together.
    Route,
    User,
    Key,
    /// The address, and how many bits of an IPv6 address.
    Address(u8),
    Header(HeaderName),
}

/// What a limit cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LimitError {
    #[error("a limit is like `100 / minute per user`")]
    Shape,
    #[error("`{0}` is not a number between 1 and {CALLS_MAX}")]
    Calls(String),
    #[error("`{0}` is not a time: it is like `minute` or `10s`, between 100ms and 31 days")]
    Per(String),
    #[error("`{0}`: a limit is per `user`, `key`, `ip`, `ip/56`, `route` or `header NAME`")]
    By(String),
    #[error("so many at once are like `5 per user`")]
    AtOnce,
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let (calls, rest) = text.split_once('/').ok_or(LimitError::Shape)?;
        let (per, by) = halves(rest);
        Ok(Self { calls: read_calls(calls)?, per: read_time(per)?, by: by.parse()? })
    }
}

impl FromStr for AtOnce {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let (calls, by) = halves(text);
        if calls.contains('/') {
            return Err(LimitError::AtOnce);
        }
        Ok(Self { calls: read_calls(calls)?, by: by.parse()? })
    }
}

/// What stands before `per` and what behind it.
fn halves(text: &str) -> (&str, &str) {
    let (before, behind) = text.split_once(" per ").unwrap_or((text, "route"));
    (before.trim(), behind.trim())
}

fn read_calls(text: &str) -> Result<u32, LimitError> {
    let text = text.trim();
    let calls = text.parse().ok().filter(|calls| (1..=CALLS_MAX).contains(calls));
    calls.ok_or_else(|| LimitError::Calls(text.to_owned()))
}

fn read_time(text: &str) -> Result<Duration, LimitError> {
    let one = |seconds| Some(Duration::from_secs(seconds));
    let time = match text {
        "second" => one(1),
        "minute" => one(60),
        "hour" => one(3600),
        "day" => one(24 * 3600),
        other => {
            let time = other.parse::<jiff::SignedDuration>().ok();
            time.and_then(|time| Duration::try_from(time).ok())
        }
    };
    let time = time.filter(|time| (PER_MIN..=PER_MAX).contains(time));
    time.ok_or_else(|| LimitError::Per(text.to_owned()))
}

impl FromStr for By {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let wrong = || LimitError::By(text.to_owned());
        if let Some(name) = text.strip_prefix("header ") {
            let name = HeaderName::from_bytes(name.trim().as_bytes());
            return name.map(Self::Header).map_err(|_error| wrong());
        }
        match text {
            "route" => Ok(Self::Route),
            "user" => Ok(Self::User),
            "key" => Ok(Self::Key),
            "ip" => Ok(Self::Address(IPV6_BITS)),
            other => {
                let bits = other.strip_prefix("ip/").and_then(|bits| bits.parse().ok());
                let bits = bits.filter(|bits| (16..=128).contains(bits));
                bits.map(Self::Address).ok_or_else(wrong)
            }
        }
    }
}

impl By {
    /// What it is called towards clients, who need not know more.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::User => "user",
            Self::Key => "key",
            Self::Address(_) => "ip",
            Self::Header(_) => "header",
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(bits) if *bits != IPV6_BITS => write!(f, "ip/{bits}"),
            Self::Header(name) => write!(f, "header {name}"),
            _ => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests;
