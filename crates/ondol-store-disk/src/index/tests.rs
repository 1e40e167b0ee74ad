//! The index finds what a plain list finds, through tables, runs and merges.

use std::collections::BTreeMap;
use std::path::Path;

use ondol_doors::{Rng as _, SeededRng};
use ondol_store::LogEpoch;

use super::*;
use crate::disk::{Disk, SimDisk};
use crate::format::Manifest;
use crate::indexer::write_run;

const FOLDER: &str = "/i";
const MANIFEST: Manifest = Manifest { log: [1; 16], epoch: LogEpoch::from_u128(2), key: [3; 16] };

fn key(number: u64) -> Key {
    Key { high: number.wrapping_mul(0x9e37_79b9_7f4a_7c15), low: 7 }
}

struct Model {
    disk: Arc<dyn Disk>,
    index: Index,
    all: BTreeMap<u64, Vec<Posting>>,
    position: u64,
}

impl Model {
    fn new(entries_max: usize) -> Self {
        let disk: Arc<dyn Disk> = Arc::new(SimDisk::new());
        disk.create_folder(Path::new(FOLDER)).expect("a folder");
        let start = End { position: Position::START, address: Address::new(0, 64) };
        let index = Index::new(Vec::new(), start, entries_max);
        Self { disk, index, all: BTreeMap::new(), position: 0 }
    }

    /// Adds an event to some key, as a version two after the last, and works off what is frozen.
    fn add(&mut self, number: u64) {
        self.position += 1;
        let list = self.all.entry(number).or_default();
        let version = list.last().map_or(1, |last| last.number + 2);
        let address = Address::new(0, 64).plus(crate::format::index(self.position * 300));
        let posting = Posting { number: version, address };
        list.push(posting);
        let position = Position::new(self.position);
        let end = End { position, address: address.plus(300) };
        self.index.publish(&[(key(number), posting)], &[Mark { position, address }], end);
        if let Some(frozen) = self.index.frozen() {
            let run = write_run(&self.disk, Path::new(FOLDER), MANIFEST, &frozen);
            self.index.thaw(Arc::new(run.expect("the disk works")));
            self.merge();
        }
    }

    fn merge(&self) {
        let runs = self.index.runs();
        let Some(same) = runs.chunk_by(|a, b| a.level == b.level).find(|same| same.len() >= 4)
        else {
            return;
        };
        let merged = merge(&self.disk, Path::new(FOLDER), MANIFEST, &same[..4], || Ok(true));
        let merged = merged.expect("the disk works").expect("it was not told to stop");
        self.index.replace(&same[..4], Arc::new(merged));
        same[..4].iter().for_each(|run| run.set_replaced());
    }

    fn check(&self, number: u64, from: u64, limit: usize) {
        let all = self.all.get(&number).map_or(&[][..], Vec::as_slice);
        let first = all.partition_point(|posting| posting.number <= from).saturating_sub(1);
        let expected: Vec<Posting> = all[first..].iter().take(limit).copied().collect();
        let mut found = self.index.forward(key(number), from, limit).expect("the disk works");
        found.truncate(limit);
        assert_eq!(found, expected, "key {number} forward from {from}, {limit}");
        let older = all.iter().rev().filter(|posting| posting.number <= from);
        let expected: Vec<Posting> = older.take(limit).copied().collect();
        let found = self.index.backward(key(number), from, limit).expect("the disk works");
        assert_eq!(found, expected, "key {number} backward from {from}, {limit}");
    }
}

#[test]
fn every_key_is_found_forward_and_backward_at_every_size() {
    let rng = SeededRng::new(5);
    let mut model = Model::new(64);
    for nth in 0..4_000 {
        // A few keys have long lists, many have short ones.
        let number = if rng.below(2) == 0 { rng.below(3) } else { 10 + rng.below(400) };
        model.add(number);
        if nth % 50 == 0 {
            model.check(rng.below(420), rng.below(3_000), 1 + index_of(rng.below(40)));
            model.check(rng.below(3), rng.below(3_000), 1 + index_of(rng.below(40)));
        }
    }
    assert!(model.index.runs().len() < 12, "runs are merged");
    assert!(model.index.runs().iter().any(|run| run.level >= 2), "and merged again");
}

fn index_of(number: u64) -> usize {
    crate::format::index(number)
}

#[test]
fn a_list_longer_than_a_block_is_found_from_any_place() {
    let mut model = Model::new(20_000);
    (0..30_000).for_each(|_| model.add(1));
    for from in [0, 1, 2, 777, 12_345, 39_999, 40_001, 59_999, 70_000] {
        model.check(1, from, 10);
        model.check(1, from, 5_000);
    }
}

#[test]
fn a_mark_is_at_or_before_its_position() {
    let mut model = Model::new(64);
    (0..500).for_each(|_| model.add(1));
    for position in 1..=500 {
        let mark = model.index.mark(Position::new(position));
        assert!(mark.position.get() <= position, "{mark:?} for {position}");
        assert!(position - mark.position.get() < 2, "{mark:?} for {position}");
    }
}

#[test]
fn a_run_that_is_damaged_is_not_served() {
    let mut model = Model::new(64);
    (0..640).for_each(|nth| model.add(nth % 40));
    let sim = SimDisk::new();
    let disk: Arc<dyn Disk> = Arc::new(sim.clone());
    disk.create_folder(Path::new(FOLDER)).expect("a folder");
    let mut table =
        MemoryTable::new(End { position: Position::START, address: Address::new(0, 64) }, 1 << 19);
    let end = End { position: Position::new(9), address: Address::new(0, 640) };
    table.add(&[(key(1), Posting { number: 1, address: Address::new(0, 96) })], &[], end);
    let run = write_run(&disk, Path::new(FOLDER), MANIFEST, &table).expect("the disk works");
    let path = sim.paths().remove(0);
    let length = disk.open(&path).and_then(|file| file.length()).expect("the file is there");
    for at in 0..index_of(length) {
        sim.rot(&path, |bytes| bytes[at] ^= 4).expect("the file is there");
        let reopened = Run::open(&disk, path.clone(), &MANIFEST).expect("the disk works");
        let mut found = Vec::new();
        let is_seen = reopened.is_none_or(|run| run.forward(key(1), 0, 9, &mut found).is_err());
        assert!(is_seen, "byte {at} was changed unseen");
        sim.rot(&path, |bytes| bytes[at] ^= 4).expect("the file is there");
    }
    drop(run);
}
