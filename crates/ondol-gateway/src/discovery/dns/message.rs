//! Messages of the domain name system (RFC 1035, RFC 2782), as much of them as is needed.
//!
//! Whatever comes is read within its bounds: a name may point only backwards, and not often.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Letters of a name.
const NAME_BYTES_MAX: usize = 253;
/// How often a name may point elsewhere.
const POINTS_MAX: u32 = 32;
/// Records that are looked at.
const RECORDS_MAX: usize = 2048;
const HEADER_BYTES: usize = 12;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    A,
    Aaaa,
    Srv,
}

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;
const SRV: u16 = 33;
const OPT: u16 = 41;
const INTERNET: u16 = 1;

impl Kind {
    const fn number(self) -> u16 {
        match self {
            Self::A => A,
            Self::Aaaa => AAAA,
            Self::Srv => SRV,
        }
    }
}

/// Why a message is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(in crate::discovery) enum MessageError {
    #[error("the name cannot be asked for")]
    Name,
    #[error("it answers another question")]
    Unrelated,
    #[error("it is cut short")]
    Cut,
    #[error("it is malformed")]
    Malformed,
    #[error("the server refused with code {0}")]
    Refused(u8),
}

/// A question as it goes out.
#[derive(Debug, Clone)]
pub(super) struct Question {
    bytes: Vec<u8>,
    name: String,
    kind: Kind,
}

/// A service's place (SRV).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) port: u16,
    pub(super) target: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Data {
    Address(IpAddr),
    Alias(String),
    Service(Service),
}

/// What a server answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    records: Vec<(String, Data)>,
    /// For how long it is true.
    pub(super) lasting: Duration,
}

impl Answer {
    /// The addresses of a name, through its aliases.
    pub(super) fn addresses(&self, name: &str) -> impl Iterator<Item = IpAddr> {
        let names = self.names(name);
        self.records.iter().filter_map(move |(owner, data)| match data {
            Data::Address(address) if names.contains(owner) => Some(*address),
            _ => None,
        })
    }

    /// The services of a name.
    pub(super) fn services(&self, name: &str) -> impl Iterator<Item = &Service> {
        let names = self.names(name);
        self.records.iter().filter_map(move |(owner, data)| match data {
            Data::Service(service) if names.contains(owner) => Some(service),
            _ => None,
        })
    }

    /// A name and those it stands for.
    fn names(&self, name: &str) -> Vec<String> {
        let mut names = vec![plain(name)];
        for (owner, data) in &self.records {
            if let Data::Alias(to) = data
                && names.contains(owner)
                && !names.contains(to)
            {
                names.push(to.clone());
            }
        }
        names
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

impl Question {
    /// A question; answers of up to `bytes_max` may come in one datagram.
    pub(super) fn new(
        id: u16,
        name: &str,
        kind: Kind,
        bytes_max: usize,
    ) -> Result<Self, MessageError> {
        let name = plain(name);
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(MessageError::Name);
        }
        let mut bytes = Vec::with_capacity(name.len() + 32);
        bytes.extend_from_slice(&id.to_be_bytes());
        // Recursion desired; one question, and one record about ourselves.
        bytes.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
        for label in name.split('.') {
            let length = u8::try_from(label.len()).map_err(|_error| MessageError::Name)?;
            if !(1..=63).contains(&length) {
                return Err(MessageError::Name);
            }
            bytes.push(length);
            bytes.extend_from_slice(label.as_bytes());
        }
        bytes.push(0);
        bytes.extend_from_slice(&kind.number().to_be_bytes());
        bytes.extend_from_slice(&INTERNET.to_be_bytes());
        let size = u16::try_from(bytes_max).unwrap_or(u16::MAX);
        bytes.push(0);
        bytes.extend_from_slice(&OPT.to_be_bytes());
        bytes.extend_from_slice(&size.to_be_bytes());
        bytes.extend_from_slice(&[0; 6]);
        Ok(Self { bytes, name, kind })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads the answer to it.
    pub(super) fn answer(&self, bytes: &[u8]) -> Result<Answer, MessageError> {
        let mut reader = Reader { bytes, at: 0 };
        let head: [u8; HEADER_BYTES] = reader.take()?;
        if head[..2] != self.bytes[..2] || head[2] & 0x80 == 0 {
            return Err(MessageError::Unrelated);
        }
        let count = |at: usize| usize::from(u16::from_be_bytes([head[at], head[at + 1]]));
        if count(4) != 1 || reader.name()? != self.name || reader.number()? != self.kind.number() {
            return Err(MessageError::Unrelated);
        }
        reader.number()?;
        match (head[2] & 2, head[3] & 15) {
            (0, 0) => {}
            // There is no such name: an answer, with nothing in it.
            (0, 3) => return Ok(Answer { records: Vec::new(), lasting: Duration::ZERO }),
            (0, code) => return Err(MessageError::Refused(code)),
            _ => return Err(MessageError::Cut),
        }
        reader.records((count(6) + count(8) + count(10)).min(RECORDS_MAX))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], MessageError> {
        let end = self.at.checked_add(N).ok_or(MessageError::Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(MessageError::Malformed)?;
        self.at = end;
        taken.try_into().map_err(|_error| MessageError::Malformed)
    }

    fn number(&mut self) -> Result<u16, MessageError> {
        self.take().map(u16::from_be_bytes)
    }

    /// A name, in lower case and without its last dot.
    fn name(&mut self) -> Result<String, MessageError> {
        let mut name = String::new();
        let mut at = self.at;
        let mut end = None;
        let mut points = 0;
        loop {
            let length = *self.bytes.get(at).ok_or(MessageError::Malformed)?;
            match length {
                0 => break,
                1..=63 => {
                    let label = at + 1..at + 1 + usize::from(length);
                    at = label.end;
                    let label = self.bytes.get(label).ok_or(MessageError::Malformed)?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
                    if name.len() > 2 * NAME_BYTES_MAX {
                        return Err(MessageError::Malformed);
                    }
                }
                192..=255 => {
                    let low = *self.bytes.get(at + 1).ok_or(MessageError::Malformed)?;
                    end.get_or_insert(at + 2);
                    points += 1;
                    let to = usize::from(u16::from_be_bytes([length & 63, low]));
                    if to >= at || points > POINTS_MAX {
                        return Err(MessageError::Malformed);
                    }
                    at = to;
                }
                64..=191 => return Err(MessageError::Malformed),
            }
        }
        self.at = end.unwrap_or(at + 1);
        Ok(name)
    }

    fn records(&mut self, count: usize) -> Result<Answer, MessageError> {
        let mut records = Vec::new();
        let mut lasting: Option<u32> = None;
        for _ in 0..count {
            let owner = self.name()?;
            let kind = self.number()?;
            let class = self.number()?;
            let seconds = u32::from_be_bytes(self.take()?);
            let length = usize::from(self.number()?);
            let end = self.at.checked_add(length).ok_or(MessageError::Malformed)?;
            if end > self.bytes.len() {
                return Err(MessageError::Malformed);
            }
            if class == INTERNET
                && let Some(data) = self.data(kind)?
            {
                lasting = Some(lasting.map_or(seconds, |least| least.min(seconds)));
                records.push((owner, data));
            }
            self.at = end;
        }
        let lasting = Duration::from_secs(u64::from(lasting.unwrap_or(0)));
        Ok(Answer { records, lasting })
    }

    fn data(&mut self, kind: u16) -> Result<Option<Data>, MessageError> {
        Ok(Some(match kind {
            A => Data::Address(Ipv4Addr::from(self.take::<4>()?).into()),
            AAAA => Data::Address(Ipv6Addr::from(self.take::<16>()?).into()),
            CNAME => Data::Alias(self.name()?),
            SRV => Data::Service(Service {
                priority: self.number()?,
                weight: self.number()?,
                port: self.number()?,
                target: self.name()?,
            }),
            _ => return Ok(None),
        }))
    }
}

#[cfg(test)]
mod tests;
