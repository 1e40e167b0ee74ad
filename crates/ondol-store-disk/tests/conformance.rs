//! The log on a disk passes the suite, on the machine's disk and on the simulated one.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use ondol_store::Replica;
use ondol_store::conformance::Engine;
use ondol_store_disk::{DiskStore, Doors, Options, SimDisk};

/// Small parts, so that each case goes through many of them.
fn options(folder: impl Into<PathBuf>) -> Options {
    Options {
        segment_bytes: 64 << 10,
        index_entries_max: 64,
        open_files_max: 4,
        ..Options::in_folder(folder)
    }
}

fn open(options: &Options, doors: &Doors) -> Option<Arc<DiskStore>> {
    Some(Arc::new(DiskStore::open(options, doors).expect("the log is whole")))
}

/// Where the cases of one run have their logs: a case may hold its store longer than its engine.
/// The folder is that of the build's temporary files, emptied by whoever comes first.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("conformance-disk");
    std::fs::create_dir_all(&root).expect("the build has a folder for temporary files");
    for old in std::fs::read_dir(&root).expect("the folder can be read").flatten() {
        // A run beside this one may be removing the same.
        drop(std::fs::remove_dir_all(old.path()));
    }
    root
});

struct OnRealDisk {
    folder: PathBuf,
    doors: Doors,
    store: Option<Arc<DiskStore>>,
}

#[async_trait]
impl Engine for OnRealDisk {
    async fn create() -> Self {
        let folder = tempfile::tempdir_in(&*ROOT).expect("a temporary folder").keep();
        let doors = Doors::default();
        let store = open(&options(&folder), &doors);
        Self { folder, doors, store }
    }

    fn store(&self) -> Arc<dyn Replica> {
        Arc::<DiskStore>::clone(self.store.as_ref().expect("the log is open"))
    }

    async fn reopen(&mut self) {
        self.store = None;
        self.store = open(&options(&self.folder), &self.doors);
    }
}

struct OnSimulatedDisk {
    disk: SimDisk,
    doors: Doors,
    store: Option<Arc<DiskStore>>,
}

#[async_trait]
impl Engine for OnSimulatedDisk {
    async fn create() -> Self {
        let disk = SimDisk::new();
        let doors = Doors { disk: Arc::new(disk.clone()), ..Doors::default() };
        let store = open(&options("/log"), &doors);
        Self { disk, doors, store }
    }

    fn store(&self) -> Arc<dyn Replica> {
        Arc::<DiskStore>::clone(self.store.as_ref().expect("the log is open"))
    }

    /// Opening again goes through a power cut.
    async fn reopen(&mut self) {
        self.disk.cut_power();
        self.store = None;
        self.disk.restart(7);
        self.store = open(&options("/log"), &self.doors);
    }
}

mod real {
    use super::OnRealDisk;
    ondol_store::conformance!(OnRealDisk);
}

mod simulated {
    use super::OnSimulatedDisk;
    ondol_store::conformance!(OnSimulatedDisk);
}
