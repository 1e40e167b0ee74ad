//! Commands in process, and the bare sync that one of them is compared with.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use ondol::Service;
use ondol_bench::{Latencies, Measured, Stopwatch};
use ondol_kernel::Version;
use ondol_runtime::AsOf;

use super::account::Account;
use super::load;
use super::place::Place;

/// Bytes of the file that is written over.
const FILE_BYTES: usize = 64 << 20;
/// Bytes that are written before each sync.
const WRITE_BYTES: usize = 512;

fn service() -> Service {
    Service::named("bank.account").aggregate::<Account>()
}

/// Writes a little and syncs it, in blocks that have been written before.
pub(crate) fn fdatasync(count: u64) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let mut file = File::create(folder.path().join("raw"))?;
    file.write_all(&vec![0; FILE_BYTES])?;
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let mut latencies = Latencies::new();
    for number in 0..count {
        let bytes = [u8::try_from(number % 251)?; WRITE_BYTES];
        let watch = Stopwatch::start();
        file.write_all(&bytes)?;
        file.sync_data()?;
        latencies.record(watch.elapsed());
    }
    Ok(latencies.millis(0.5) * 1_000.0)
}

/// What one client waits for, who sends one command after the other.
pub(crate) async fn one_client(count: u64) -> anyhow::Result<Measured> {
    let place = Place::on_disk(&service())?;
    let desk = place.running.desk::<Account>()?;
    let mut latencies = Latencies::new();
    for number in 0..count {
        let watch = Stopwatch::start();
        load::send(&desk, number).await?;
        latencies.record(watch.elapsed());
    }
    place.close().await?;
    let (median, last) = (latencies.millis(0.5) * 1_000.0, latencies.millis(0.99) * 1_000.0);
    Ok(Measured::new(median).also("p99", "µs", last))
}

pub(crate) async fn on_disk(count: u64) -> anyhow::Result<Measured> {
    measure(Place::on_disk(&service())?, count).await
}

pub(crate) async fn on_postgres(count: u64) -> anyhow::Result<Measured> {
    measure(Place::on_postgres(&service()).await?, count).await
}

async fn measure(place: Place, count: u64) -> anyhow::Result<Measured> {
    let desk = place.running.desk::<Account>()?;
    // Every account is there before anything is measured.
    load::run(&desk, 0, load::ACCOUNTS).await?;
    let (rate, mut latencies) = load::run(&desk, load::ACCOUNTS, count).await?;
    place.close().await?;
    Ok(Measured::new(rate).also("p99", "ms", latencies.millis(0.99)))
}

/// How long it takes to see how an account with a thousand events stands, out of nothing else.
pub(crate) async fn replay_a_thousand() -> anyhow::Result<f64> {
    let place = Place::on_disk(&service())?;
    let desk = place.running.desk::<Account>()?;
    for number in 0..1_000 {
        let request = ondol_runtime::Request::new(ondol_kernel::CommandId::from_u128(number + 1));
        let deposit = super::account::deposit(u64::try_from(number)?);
        desk.handle("one", deposit, &request).await?;
    }
    let mut latencies = Latencies::new();
    for _ in 0..200 {
        let watch = Stopwatch::start();
        let stands = desk.state_at("one", AsOf::Version(Version::new(u64::MAX))).await?;
        latencies.record(watch.elapsed());
        anyhow::ensure!(stands.version == Version::new(1_000), "it is not whole");
    }
    place.close().await?;
    Ok(latencies.millis(0.5) * 1_000.0)
}
