//! Power cuts on a real file system: an ext4 image whose journal and cache are thrown away while
//! a process writes.
//!
//! The file system's own shutdown call makes it forget everything that was not made durable, as
//! a power cut does. It needs root and loop devices; where they are not to be had, the report
//! says so, and the power cuts of the simulated disk stand alone.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use ondol_doors::{Clock as _, Rng as _, SeededRng, SystemClock};
use ondol_store_disk::{DiskStore, Doors, Options};
use tokio::runtime::Runtime;

use crate::Budget;
use crate::history::History;
use crate::kill;
use crate::report::{Report, Tally};
use crate::simulated::{Round, check, runtime};
use crate::workload;

const IMAGE_BYTES: u64 = 192 << 20;
/// Asks ext4 to shut down without writing its journal.
const SHUTDOWN: &str = "import fcntl,os,struct,sys
fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x8004587D,struct.pack('I',2))";

/// A file system of its own, in a file.
pub(crate) struct Image {
    folder: tempfile::TempDir,
    is_mounted: bool,
}

fn call(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let done =
        Command::new(program).args(arguments).output().with_context(|| program.to_owned())?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{program} {}: {}", arguments.join(" "), said.trim());
    Ok(())
}

impl Image {
    pub(crate) fn make() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("mount"))?;
        let mut image = Self { folder, is_mounted: false };
        std::fs::File::create(image.file())?.set_len(IMAGE_BYTES)?;
        call("mkfs.ext4", &["-q", "-F", &image.file().to_string_lossy()])?;
        image.mount()?;
        Ok(image)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("mount")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.place().join("log")
    }

    fn mount(&mut self) -> anyhow::Result<()> {
        let (file, place) = (self.file(), self.place());
        call("mount", &["-o", "loop", &file.to_string_lossy(), &place.to_string_lossy()])?;
        self.is_mounted = true;
        Ok(())
    }

    fn cut_power(&self) -> anyhow::Result<()> {
        call("python3", &["-c", SHUTDOWN, &self.place().to_string_lossy()])
    }

    fn restart(&mut self) -> anyhow::Result<()> {
        self.unmount()?;
        self.mount()
    }

    fn unmount(&mut self) -> anyhow::Result<()> {
        call("umount", &[&self.place().to_string_lossy()])?;
        self.is_mounted = false;
        Ok(())
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if self.is_mounted && self.unmount().is_err() {
            // The image's folder stays behind with it: there is nobody left to tell.
        }
    }
}

fn options(folder: &Path) -> Options {
    Options {
        folder: folder.to_owned(),
        segment_bytes: 256 << 10,
        index_entries_max: 512,
        ..workload::options("")
    }
}

/// One life on the image, ended by a power cut while it writes.
pub(crate) fn round(
    runtime: &Runtime,
    image: &mut Image,
    rng: &SeededRng,
    known: &mut History,
    has_bug: bool,
) -> anyhow::Result<Round> {
    let clock = SystemClock::start();
    let life = std::time::Duration::from_millis(20 + rng.below(300));
    let mut child = kill::start(&image.log(), rng.number(), has_bug)?;
    let history = kill::listen(&mut child, || {
        let is_over = clock.running() > life;
        if is_over {
            image.cut_power()?;
        }
        Ok(is_over)
    })?;
    image.restart()?;
    known.asked.extend(history.asked.iter().cloned());
    let wrong = match DiskStore::open(&options(&image.log()), &Doors::default()) {
        Ok(store) => runtime.block_on(check(known, &Arc::new(store))),
        Err(error) => vec![format!("the log was not opened: {error:#}")],
    };
    Ok(Round::of(&history, wrong))
}

/// Cuts the power until the time is up.
pub(crate) fn run(budget: Budget, report: &mut Report) -> anyhow::Result<()> {
    let mut image = match Image::make() {
        Ok(image) => image,
        Err(error) => {
            return report.left_out("power cuts on ext4 (shutdown call)", &format!("{error:#}"));
        }
    };
    let (runtime, rng) = (runtime()?, SeededRng::new(budget.seed));
    let until = report.running() + budget.share(18);
    let (mut tally, mut known) = (Tally::default(), History::default());
    while report.running() < until {
        let done = round(&runtime, &mut image, &rng, &mut known, false)?;
        tally.add(done.tally);
        for wrong in done.wrong {
            report.violation(format!("power cut on ext4 (round {}): {wrong}", tally.rounds))?;
        }
        // An image has an end: now and then a new one is begun.
        if tally.rounds.is_multiple_of(40) {
            (image, known) = (Image::make()?, History::default());
        }
    }
    report.part("power cuts on ext4 (shutdown call)", tally)
}
