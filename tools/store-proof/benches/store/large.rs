//! A large log: ten million events in a million streams, opened by a process of its own, whose
//! memory is then looked at.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use ondol_bench::{Bench, Measured, Stopwatch};
use tokio::runtime::Runtime;

use crate::engines::{Engine, disk};
use crate::load::{self, Load};

/// Says to this program that it is the process that opens a log, and which.
const CHILD: &str = "ONDOL_BENCH_OPENS";
const STREAMS: u64 = 1_000_000;

/// What such a process says of itself.
#[derive(Debug)]
struct Told {
    seconds: f64,
    /// Resident after opening, and at most, in MiB.
    resident: f64,
    peak: f64,
    /// Events a second that are appended then.
    rate: f64,
}

/// Whether this process is one that opens a log.
pub(crate) fn child() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

/// Opens a log, appends to it, and says how that went.
pub(crate) fn open(folder: &Path, runtime: &Runtime) -> anyhow::Result<()> {
    use std::io::Write as _;
    let watch = Stopwatch::start();
    let store = disk(folder)?;
    let (seconds, resident) = (watch.elapsed().as_secs_f64(), memory("VmRSS:")?);
    let load = Load { streams: STREAMS, before: 1 << 40, ..Load::new(4096, 2_000_000) };
    let rate = runtime.block_on(load::append(&[store], load))?;
    let peak = memory("VmHWM:")?;
    writeln!(std::io::stdout(), "{seconds} {resident} {peak} {rate}")?;
    Ok(())
}

/// A line of what the system knows of this process's memory, in MiB.
fn memory(line: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let found =
        status.lines().find_map(|found| found.strip_prefix(line)).context("no such line")?;
    let kib: u32 = found.trim().trim_end_matches(" kB").parse()?;
    Ok(f64::from(kib) / 1024.0)
}

fn told(folder: &Path) -> anyhow::Result<Told> {
    let done = Command::new(std::env::current_exe()?).env(CHILD, folder).output()?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let whole = format!("{said}{}", String::from_utf8_lossy(&done.stderr));
    let numbers: Vec<f64> =
        said.split_whitespace().map(str::parse).collect::<Result<_, _>>().context(whole.clone())?;
    let [seconds, resident, peak, rate] = numbers[..] else { anyhow::bail!("it said {whole}") };
    Ok(Told { seconds, resident, peak, rate })
}

/// Bytes of the files below a folder that are written, spare ones and holes left out.
fn bytes(folder: &Path) -> anyhow::Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let here = std::fs::metadata(&path)?;
        sum += if here.is_dir() { bytes(&path)? } else { here.blocks() * 512 };
    }
    Ok(sum)
}

fn measure(runtime: &Runtime, events: u64) -> anyhow::Result<Measured> {
    let opened = Engine::Disk.open(runtime)?;
    let load = Load { streams: STREAMS, ..Load::new(4096, events) };
    runtime.block_on(load::append(&opened.stores, load))?;
    let folder = opened.folder.context("a log on a disk has a folder")?;
    drop(opened.stores);
    let size = bytes(folder.path())?;
    let (empty, large) = (tempfile::tempdir_in(".")?, told(folder.path())?);
    let fresh = told(empty.path())?;
    // In thousandths of a byte: whole numbers, which a float holds exactly.
    let per_event = f64::from(u32::try_from(size * 1_000 / events)?) / 1_000.0;
    Ok(Measured::new(large.seconds)
        .also("resident", "MiB", large.resident)
        .also("resident at most", "MiB", large.peak)
        .also("appends", "events/s", large.rate)
        .also("appends by those to an empty log", "share", large.rate / fresh.rate)
        .also("on the disk", "bytes/event", per_event))
}

/// The case.
pub(crate) fn cases<'a>(bench: &mut Bench<'a>, runtime: &'a Runtime) {
    let events = bench.size(10_000_000, 200_000);
    let case = bench.case("disk, open 10 M events in 1 M streams").unit("s");
    case.setting("concurrency", 4096).measure(move || measure(runtime, events));
}
