//! The header of a segment, and its name.

use ondol_kernel::Position;

use super::{FORMAT_VERSION, Malformed, Manifest, checksum, get, put};

/// How long a segment's header is: groups follow it.
pub(crate) const SEGMENT_HEADER: usize = 64;
const MAGIC: &[u8; 8] = b"ONDOLSEG";

/// What a segment says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// Which one of the log it is, from zero on.
    pub(crate) number: u32,
    /// The position of its first event.
    pub(crate) first: Position,
    /// How long the file was made.
    pub(crate) length: u32,
}

impl SegmentHeader {
    pub(crate) fn encode(&self, manifest: &Manifest) -> [u8; SEGMENT_HEADER] {
        let mut bytes = [0; SEGMENT_HEADER];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, 8, &FORMAT_VERSION.to_le_bytes());
        put(&mut bytes, 16, &manifest.log);
        put(&mut bytes, 32, &self.first.get().to_le_bytes());
        put(&mut bytes, 40, &self.number.to_le_bytes());
        put(&mut bytes, 44, &self.length.to_le_bytes());
        let sum = checksum(manifest.salt(), &[&bytes]);
        put(&mut bytes, 12, &sum.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8], manifest: &Manifest) -> Result<Self, Malformed> {
        let mut unsummed: [u8; SEGMENT_HEADER] = get(bytes, 0)?;
        put(&mut unsummed, 12, &[0; 4]);
        if get(bytes, 0)? != *MAGIC {
            return Err(Malformed("does not begin as a segment does"));
        }
        if get(bytes, 8)? != FORMAT_VERSION.to_le_bytes() {
            return Err(Malformed("has another version of the format than its log"));
        }
        if get(bytes, 16)? != manifest.log {
            return Err(Malformed("belongs to another log"));
        }
        if get(bytes, 12)? != checksum(manifest.salt(), &[&unsummed]).to_le_bytes() {
            return Err(Malformed("has a header that does not fit its checksum"));
        }
        Ok(Self {
            number: u32::from_le_bytes(get(bytes, 40)?),
            first: Position::new(u64::from_le_bytes(get(bytes, 32)?)),
            length: u32::from_le_bytes(get(bytes, 44)?),
        })
    }
}

/// The name of the segment whose first event has this position.
pub(crate) fn segment_name(first: Position) -> String {
    format!("{:020}.log", first.get())
}

/// The position in a segment's name; nothing if it is not the name of a segment.
pub(crate) fn segment_of(name: &str) -> Option<Position> {
    let digits = name.strip_suffix(".log")?;
    let is_number = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok().map(Position::new) } else { None }
}
