//! Every stream keeps its own version, in memory and through a checkpoint.

use std::path::Path;

use ondol_kernel::Position;
use ondol_store::LogEpoch;

use super::*;
use crate::disk::{Disk as _, SimDisk};
use crate::format::Manifest;
use crate::key::Fingerprints;

const MANIFEST: Manifest = Manifest { log: [1; 16], epoch: LogEpoch::from_u128(2), key: [3; 16] };

fn filled(streams: u64) -> (Heads, Fingerprints) {
    let (heads, keys) = (Heads::new(), Fingerprints::new(&[7; 16]));
    for number in 0..streams {
        heads.hold().set(keys.stream(&number.to_le_bytes()), Version::new(number + 1));
    }
    (heads, keys)
}

fn check(heads: &Heads, keys: &Fingerprints, streams: u64) {
    for number in 0..streams {
        let found = heads.hold().version(keys.stream(&number.to_le_bytes()));
        assert_eq!(found, Version::new(number + 1), "stream {number}");
    }
    assert_eq!(heads.len() as u64, streams);
    assert_eq!(heads.hold().version(keys.stream(b"nobody")), Version::EMPTY);
}

#[test]
fn each_stream_keeps_its_version_however_many_there_are() {
    let (heads, keys) = filled(50_000);
    check(&heads, &keys, 50_000);
}

#[test]
fn a_raised_version_never_goes_back() {
    let (heads, keys) = filled(10);
    let stream = keys.stream(&9u64.to_le_bytes());
    heads.raise(stream, Version::new(3));
    assert_eq!(heads.hold().version(stream), Version::new(10));
    heads.raise(stream, Version::new(30));
    assert_eq!(heads.hold().version(stream), Version::new(30));
}

#[test]
fn a_checkpoint_brings_all_versions_back_and_a_damaged_one_is_not_used() {
    let (disk, folder) = (SimDisk::new(), Path::new("/i"));
    disk.create_folder(folder).expect("a folder");
    let (heads, keys) = filled(5_000);
    let position = Position::new(77);
    let mut writer =
        CheckpointWriter::begin(&disk, folder, MANIFEST, position).expect("the disk works");
    writer.write(&heads).expect("the disk works");
    writer.keep(&disk).expect("the disk works");
    let load = || {
        let loaded = Heads::new();
        load_checkpoint(&disk, folder, &MANIFEST, position, &loaded)
            .expect("the disk works")
            .then_some(loaded)
    };
    check(&load().expect("the checkpoint is whole"), &keys, 5_000);
    let path = disk.paths().remove(0);
    for at in [0, 40, 70, 50_000] {
        disk.rot(&path, |bytes| bytes[at] ^= 1).expect("the file is there");
        assert!(load().is_none(), "byte {at} was changed unseen");
        disk.rot(&path, |bytes| bytes[at] ^= 1).expect("the file is there");
    }
    disk.rot(&path, |bytes| bytes.truncate(60_000)).expect("the file is there");
    assert!(load().is_none(), "the end was lost unseen");
}
