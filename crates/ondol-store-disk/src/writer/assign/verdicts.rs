//! Why an entry of a group gets no place.

use std::io;
use std::sync::Arc;

use ondol_kernel::Version;
use ondol_store::Expected;

use crate::format::{Malformed, Names};
use crate::queue::Verdict;

/// What has to be looked up could not be read.
pub(super) fn failed(error: io::Error) -> Verdict {
    Verdict::Unreadable(Arc::new(error))
}

/// What has to be looked up is not what was written.
pub(super) fn unreadable(malformed: Malformed) -> Verdict {
    failed(io::Error::new(io::ErrorKind::InvalidData, malformed))
}

/// The stream of a record's section, by name: the record has no place and no checksum yet.
pub(super) fn conflict(record: &[u8], nth: usize, expected: Expected, found: Version) -> Verdict {
    let mut names = Names::new();
    let stream = crate::format::section_streams(record)
        .and_then(|streams| streams.get(nth).map_or(Err(Malformed("")), |name| names.stream(name)));
    match stream {
        Ok(stream) => Verdict::Conflict { stream, expected, found },
        Err(malformed) => unreadable(malformed),
    }
}
