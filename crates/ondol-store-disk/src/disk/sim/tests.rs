//! The simulated disk loses exactly what a disk may lose.

use super::*;

fn disk() -> SimDisk {
    let disk = SimDisk::new();
    disk.create_folder(Path::new("/d")).expect("a folder");
    disk
}

fn contents(disk: &SimDisk, path: &str) -> Option<Vec<u8>> {
    crate::disk::read_file(disk, Path::new(path)).expect("the disk works")
}

#[test]
fn what_was_synced_outlives_a_power_cut() {
    for seed in 0..32 {
        let disk = disk();
        let file = disk.create(Path::new("/d/a")).expect("a file");
        file.write_at(&[7; 3000], 0).expect("room");
        file.sync_data().expect("a sync");
        disk.sync_folder(Path::new("/d")).expect("a sync");
        disk.cut_power();
        assert!(file.read_at(&mut [0; 1], 0).is_err());
        disk.restart(seed);
        assert_eq!(contents(&disk, "/d/a"), Some(vec![7; 3000]));
    }
}

#[test]
fn what_was_not_synced_is_lost_kept_or_torn() {
    let (mut lost, mut kept, mut torn) = (0, 0, 0);
    for seed in 0..64 {
        let disk = disk();
        let file = disk.create(Path::new("/d/a")).expect("a file");
        file.allocate(1024).expect("room");
        file.sync_data().expect("a sync");
        disk.sync_folder(Path::new("/d")).expect("a sync");
        file.write_at(&[7; 1024], 0).expect("room");
        disk.restart(seed);
        let sevens = contents(&disk, "/d/a").expect("the name is durable");
        match sevens.iter().filter(|byte| **byte == 7).count() {
            0 => lost += 1,
            1024 => kept += 1,
            512 => torn += 1,
            other => panic!("{other} bytes of a sector were kept"),
        }
    }
    assert!(lost > 0 && kept > 0 && torn > 0, "{lost} lost, {kept} kept, {torn} torn");
}

#[test]
fn a_name_in_a_folder_that_was_not_synced_may_vanish() {
    let seen = (0..32).filter(|seed| {
        let disk = disk();
        let file = disk.create(Path::new("/d/a")).expect("a file");
        file.write_at(b"x", 0).expect("room");
        file.sync_data().expect("a sync");
        disk.restart(*seed);
        contents(&disk, "/d/a").is_some()
    });
    let seen = seen.count();
    assert!(seen > 0 && seen < 32, "seen {seen} times of 32");
}

#[test]
fn a_failed_sync_is_not_mended_by_another() {
    for seed in 0..16 {
        let disk = disk();
        let file = disk.create(Path::new("/d/a")).expect("a file");
        file.allocate(512).expect("room");
        file.sync_data().expect("a sync");
        disk.sync_folder(Path::new("/d")).expect("a sync");
        file.write_at(&[7; 512], 0).expect("room");
        disk.fail_call(1, Fault::FailOnce);
        assert!(file.sync_data().is_err());
        file.sync_data().expect("the second sync says all is well");
        disk.restart(seed);
        assert_eq!(contents(&disk, "/d/a"), Some(vec![0; 512]), "the kernel had dropped it");
    }
}

#[test]
fn a_lock_is_held_once_and_freed_by_a_power_cut() {
    let disk = disk();
    let path = Path::new("/d/lock");
    let held = disk.lock(path, "me").expect("free");
    assert!(disk.lock(path, "you").is_err());
    disk.restart(1);
    let again = disk.lock(path, "you").expect("freed");
    drop(held);
    assert!(disk.lock(path, "me").is_err(), "an old lock does not free a new one");
    drop(again);
    drop(disk.lock(path, "me").expect("free"));
}

#[test]
fn a_full_disk_refuses_writes_and_reads_on() {
    let disk = disk();
    let file = disk.create(Path::new("/d/a")).expect("a file");
    disk.set_room(Some(1000));
    file.write_at(&[1; 900], 0).expect("room");
    let refused = file.write_at(&[1; 200], 900).expect_err("no room");
    assert_eq!(refused.kind(), ErrorKind::StorageFull);
    assert_eq!(file.read_at(&mut [0; 900], 0).expect("a reading"), 900);
    disk.set_room(None);
    file.write_at(&[1; 200], 900).expect("room again");
}
