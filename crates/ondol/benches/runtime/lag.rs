//! How far behind its log a view lives while commands flow.

use std::time::Duration;

use ondol::Service;
use ondol_bench::{Latencies, Measured, Stopwatch};
use ondol_runtime::ReaderOptions;
use ondol_runtime::ServiceOptions;
use tokio::task::JoinSet;

use super::account::{Account, Statement};
use super::load;
use super::place::Place;

/// How often commands are sent.
const TICK: Duration = Duration::from_millis(2);
/// After how many ticks it is looked how far behind the view is.
const LOOK_EVERY_TICKS: u64 = 5;
/// For how many ticks commands flow.
const TICKS: u64 = 1_500;
/// How long a view may take before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Finds out what the service takes at most while its view is folded, then sends half of that at
/// a steady rate, and asks again and again how long it takes from an acknowledgement until the
/// view has it.
pub(crate) async fn at_half_load(count: u64) -> anyhow::Result<Measured> {
    let options = ServiceOptions {
        reader: ReaderOptions { wait_longest: PATIENCE },
        ..ServiceOptions::default()
    };
    let service = Service::named("bank.account").aggregate::<Account>().view::<Statement>();
    let place = Place::on_disk(&service.options(options))?;
    let desk = place.running.desk::<Account>()?;
    load::run(&desk, 0, load::ACCOUNTS).await?;
    let (full, _) = load::run(&desk, load::ACCOUNTS, count).await?;
    place.running.caught_up(PATIENCE).await?;
    let each = each_tick(full / 2.0);
    let (mut tick, mut next) = (tokio::time::interval(TICK), load::ACCOUNTS + count);
    let mut sent: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let mut waits: JoinSet<anyhow::Result<Duration>> = JoinSet::new();
    for round in 0..TICKS {
        tick.tick().await;
        for number in next..next + each {
            let desk = desk.clone();
            sent.spawn(async move { load::send(&desk, number).await });
        }
        next += each;
        while let Some(answered) = sent.try_join_next() {
            answered??;
        }
        if round % LOOK_EVERY_TICKS == 0 {
            let (reader, head) =
                (place.running.view::<Statement>()?, place.home.ground.store.head().await?);
            waits.spawn(async move {
                let watch = Stopwatch::start();
                reader.wait_for(head).await?;
                Ok(watch.elapsed())
            });
        }
    }
    let mut latencies = Latencies::new();
    while let Some(waited) = waits.join_next().await {
        latencies.record(waited??);
    }
    while let Some(answered) = sent.join_next().await {
        answered??;
    }
    place.close().await?;
    let (median, last) = (latencies.millis(0.5), latencies.millis(0.99));
    Ok(Measured::new(last).also("median", "ms", median).also("full load", "commands/s", full))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is a count")]
fn each_tick(rate: f64) -> u64 {
    (rate * TICK.as_secs_f64()).max(1.0) as u64
}
