//! The manifest: which log the folder holds, and which life of it.

use std::io;
use std::path::Path;

use ondol_store::LogEpoch;

use super::{FORMAT_VERSION, Malformed, checksum, get, put};
use crate::disk::{Disk, replace_file};

/// The manifest's name in the folder.
pub(crate) const MANIFEST_NAME: &str = "ondol.log";
const MAGIC: &[u8; 8] = b"ONDOLLOG";
const LENGTH: usize = 64;

/// What is said once about a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Which log this is: every segment names it.
    pub(crate) log: [u8; 16],
    /// Which life of it: another one after it was cut or restored.
    pub(crate) epoch: LogEpoch,
    /// What fingerprints and checksums of this log are made with. Nobody outside can guess it.
    pub(crate) key: [u8; 16],
}

impl Manifest {
    /// What checksums of this log begin with.
    pub(crate) fn salt(&self) -> u32 {
        crc32c::crc32c(&self.key)
    }

    pub(crate) fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, 8, &FORMAT_VERSION.to_le_bytes());
        put(&mut bytes, 16, &self.log);
        put(&mut bytes, 32, &self.epoch.into_bytes());
        put(&mut bytes, 48, &self.key);
        let sum = checksum(0, &[&bytes]);
        put(&mut bytes, 12, &sum.to_le_bytes());
        bytes
    }

    /// The manifest in these bytes, or the version of the format if it is another one.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Result<Self, u32>, Malformed> {
        if get(bytes, 0)? != *MAGIC {
            return Err(Malformed("does not begin as the manifest of a log does"));
        }
        let version = u32::from_le_bytes(get(bytes, 8)?);
        if version != FORMAT_VERSION {
            return Ok(Err(version));
        }
        let mut unsummed: [u8; LENGTH] = get(bytes, 0)?;
        put(&mut unsummed, 12, &[0; 4]);
        if bytes.len() != LENGTH || get(bytes, 12)? != checksum(0, &[&unsummed]).to_le_bytes() {
            return Err(Malformed("does not fit its checksum"));
        }
        let epoch = LogEpoch::from_bytes(get(bytes, 32)?);
        Ok(Ok(Self { log: get(bytes, 16)?, epoch, key: get(bytes, 48)? }))
    }

    /// Writes the manifest, durably.
    pub(crate) fn store(&self, disk: &dyn Disk, folder: &Path) -> io::Result<()> {
        replace_file(disk, &folder.join(MANIFEST_NAME), &self.encode())
    }
}
