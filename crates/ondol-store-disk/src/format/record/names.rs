//! Names that were read before: an event's type is made once and shared, not once an event.

use bytes::{Bytes, BytesMut};
use ondol_kernel::{EventType, StreamId};

use crate::format::{Malformed, index};

/// How many stream names and event types are remembered. Powers of two.
const STREAMS: usize = 1 << 10;
const TYPES: usize = 1 << 6;
/// Payloads are copied into pieces of memory of this size, so that an event that is kept pins
/// no more than this.
const ARENA: usize = 64 << 10;

/// What one reading remembers while it goes on.
#[derive(Debug)]
pub(crate) struct Names {
    streams: Vec<Option<StreamId>>,
    types: Vec<Option<EventType>>,
    arena: BytesMut,
    /// What is read lies in these bytes, if they are for everyone.
    shared: Bytes,
}

impl Names {
    pub(crate) fn new() -> Self {
        let (arena, shared) = (BytesMut::new(), Bytes::new());
        Self { streams: Vec::new(), types: vec![None; TYPES], arena, shared }
    }

    /// Payloads in these bytes need not be copied from now on.
    pub(crate) fn share(&mut self, bytes: &Bytes) {
        if !std::ptr::eq(self.shared.as_ptr(), bytes.as_ptr()) || self.shared.len() != bytes.len() {
            self.shared = bytes.clone();
        }
    }

    pub(crate) fn stream(&mut self, name: &[u8]) -> Result<StreamId, Malformed> {
        if self.streams.is_empty() {
            self.streams = vec![None; STREAMS];
        }
        let known = &mut self.streams[place(name) & (STREAMS - 1)];
        if let Some(stream) = known.as_ref().filter(|known| known.as_str().as_bytes() == name) {
            return Ok(stream.clone());
        }
        let text = std::str::from_utf8(name)
            .map_err(|_not_text| Malformed("has a stream whose name is no text"))?;
        let stream: StreamId =
            text.parse().map_err(|_rule| Malformed("has a stream whose name breaks a rule"))?;
        *known = Some(stream.clone());
        Ok(stream)
    }

    pub(crate) fn event_type(&mut self, name: &[u8]) -> Result<EventType, Malformed> {
        let known = &mut self.types[place(name) & (TYPES - 1)];
        if let Some(event_type) = known.as_ref().filter(|known| known.as_str().as_bytes() == name) {
            return Ok(event_type.clone());
        }
        let text = std::str::from_utf8(name)
            .map_err(|_not_text| Malformed("has an event type that is no text"))?;
        let event_type = EventType::new(text)
            .map_err(|_rule| Malformed("has an event type that breaks a rule"))?;
        *known = Some(event_type.clone());
        Ok(event_type)
    }

    /// Some bytes to keep: where they lie, if that is for everyone, or a copy that shares its
    /// memory with other small ones.
    pub(crate) fn keep(&mut self, bytes: &[u8]) -> Bytes {
        if self.shared.as_ptr_range().contains(&bytes.as_ptr()) {
            return self.shared.slice_ref(bytes);
        }
        if bytes.len() > ARENA / 4 {
            return Bytes::copy_from_slice(bytes);
        }
        if self.arena.capacity() < bytes.len() {
            self.arena = BytesMut::with_capacity(ARENA);
        }
        self.arena.extend_from_slice(bytes);
        self.arena.split().freeze()
    }
}

/// Names that differ mostly differ at the end.
fn place(name: &[u8]) -> usize {
    let tail = &name[name.len().saturating_sub(8)..];
    let mixed = tail.iter().fold(name.len() as u64, |sum, byte| {
        (sum.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(0x517c_c1b7_2722_0a95)
    });
    index(mixed >> 48)
}
