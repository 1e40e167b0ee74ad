//! Snapshots are bounded, and a damaged one is as good as none.

use std::path::Path;

use ondol_store::LogEpoch;

use super::*;
use crate::disk::SimDisk;

const MANIFEST: Manifest = Manifest { log: [1; 16], epoch: LogEpoch::from_u128(2), key: [3; 16] };

fn open(disk: &SimDisk, bytes_max: u64) -> Snapshots {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    Snapshots::open(disk, Path::new("/s"), &MANIFEST, bytes_max).expect("the disk works")
}

fn snapshot(key: u64, version: u64, length: usize) -> Snapshot {
    Snapshot {
        stream: StreamId::new("account", key).expect("a stream"),
        fold: 1,
        version: Version::new(version),
        state: Bytes::from(vec![7; length]),
    }
}

#[test]
fn the_room_that_snapshots_take_is_bounded_and_the_newest_stay() {
    let disk = SimDisk::new();
    let snapshots = open(&disk, 10_000);
    for version in 1..200 {
        snapshots.save(&snapshot(version % 5, version, 500)).expect("the disk works");
        let bytes: u64 = disk
            .paths()
            .iter()
            .map(|path| disk.open(path).and_then(|file| file.length()).expect("it is there"))
            .sum();
        assert!(bytes <= 10_000, "{bytes} bytes after {version}");
    }
    let last = snapshot(199 % 5, 199, 500);
    assert_eq!(snapshots.load(&last.stream, 1).expect("the disk works"), Some(last.clone()));
    let reopened = open(&disk, 10_000);
    assert_eq!(reopened.load(&last.stream, 1).expect("the disk works"), Some(last));
}

#[test]
fn a_snapshot_with_any_byte_changed_is_not_served() {
    let disk = SimDisk::new();
    let saved = snapshot(1, 2, 20);
    open(&disk, 10_000).save(&saved).expect("the disk works");
    let path = disk.paths().remove(0);
    let length = disk.open(&path).and_then(|file| file.length()).expect("it is there");
    for at in 0..index(length) {
        disk.rot(&path, |bytes| bytes[at] ^= 1).expect("it is there");
        let found = open(&disk, 10_000).load(&saved.stream, 1).expect("the disk works");
        assert_eq!(found, None, "byte {at} was changed unseen");
        disk.rot(&path, |bytes| bytes[at] ^= 1).expect("it is there");
    }
}
