//! The header of a group: everything that one sync made durable.

use ondol_kernel::Position;

use super::{Malformed, checksum, get, put};

/// How long a group's header is: records follow it.
pub(crate) const GROUP_HEADER: usize = 32;
/// What a group begins with.
pub(crate) const GROUP_MARK: u8 = 0x47;
const MAGIC: [u8; 4] = [GROUP_MARK, b'R', b'P', 0xa1];

/// What a group says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupHeader {
    /// How many bytes of records follow.
    pub(crate) length: u32,
    /// The position of its first event.
    pub(crate) first: Position,
    /// How many records it has.
    pub(crate) records: u32,
    /// How many events it has.
    pub(crate) events: u32,
    /// The checksum of its records' checksums, in their order.
    pub(crate) records_sum: u32,
}

impl GroupHeader {
    pub(crate) fn encode(&self, salt: u32) -> [u8; GROUP_HEADER] {
        let mut bytes = [0; GROUP_HEADER];
        put(&mut bytes, 0, &MAGIC);
        put(&mut bytes, 4, &self.length.to_le_bytes());
        put(&mut bytes, 8, &self.first.get().to_le_bytes());
        put(&mut bytes, 16, &self.records.to_le_bytes());
        put(&mut bytes, 20, &self.events.to_le_bytes());
        put(&mut bytes, 24, &self.records_sum.to_le_bytes());
        let sum = checksum(salt, &[&bytes[..28]]);
        put(&mut bytes, 28, &sum.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8], salt: u32) -> Result<Self, Malformed> {
        if get(bytes, 0)? != MAGIC {
            return Err(Malformed("does not begin as a group does"));
        }
        let sum = u32::from_le_bytes(get(bytes, 28)?);
        if sum != checksum(salt, &[&bytes[..28]]) {
            return Err(Malformed("has a group header that does not fit its checksum"));
        }
        Ok(Self {
            length: u32::from_le_bytes(get(bytes, 4)?),
            first: Position::new(u64::from_le_bytes(get(bytes, 8)?)),
            records: u32::from_le_bytes(get(bytes, 16)?),
            events: u32::from_le_bytes(get(bytes, 20)?),
            records_sum: u32::from_le_bytes(get(bytes, 24)?),
        })
    }
}

/// Groups begin at multiples of eight.
pub(crate) const fn padded(length: usize) -> usize {
    length.next_multiple_of(8)
}
