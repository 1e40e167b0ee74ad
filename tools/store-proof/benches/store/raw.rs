//! The limit: the same payloads in frames with a checksum, written and synced in groups, and
//! nothing else. No envelope, no index, no callers.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use ondol_bench::Stopwatch;

use crate::load::PAYLOAD;

/// Writes groups of so many events; answers how many a second became durable.
pub(crate) fn write(folder: &Path, events: u64, per_group: u64) -> anyhow::Result<f64> {
    const FILE: u64 = 64 << 20;
    let payload = [b'7'; PAYLOAD];
    let mut group = Vec::new();
    let (mut file, mut offset, mut number) = (new_file(folder, 0)?, 0, 0);
    let watch = Stopwatch::start();
    for _ in 0..events / per_group {
        group.clear();
        for _ in 0..per_group {
            let sum = crc32c::crc32c(&payload);
            group.extend_from_slice(&u32::try_from(PAYLOAD)?.to_le_bytes());
            group.extend_from_slice(&sum.to_le_bytes());
            group.extend_from_slice(&payload);
        }
        if offset + group.len() as u64 > FILE {
            number += 1;
            (file, offset) = (new_file(folder, number)?, 0);
        }
        file.write_all_at(&group, offset)?;
        file.sync_data()?;
        offset += group.len() as u64;
    }
    Ok(watch.rate(events / per_group * per_group))
}

/// Writes as many bytes as one event takes, and syncs, over blocks written before; answers how
/// many microseconds that takes.
pub(crate) fn sync_alone(folder: &Path, rounds: u64) -> anyhow::Result<f64> {
    const EVENT: usize = 304;
    let file = new_file(folder, 0)?;
    file.write_all_at(&vec![0; usize::try_from(rounds)? * EVENT], 0)?;
    file.sync_all()?;
    let watch = Stopwatch::start();
    for nth in 0..rounds {
        file.write_all_at(&[7; EVENT], nth * EVENT as u64)?;
        file.sync_data()?;
    }
    Ok(1e6 / watch.rate(rounds))
}

fn new_file(folder: &Path, number: u64) -> anyhow::Result<File> {
    Ok(File::create_new(folder.join(format!("raw-{number}")))?)
}
