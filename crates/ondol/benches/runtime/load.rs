//! Many commands at a time, each answered before the next of its line is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ondol::Desk;
use ondol_bench::{Latencies, Stopwatch};
use ondol_kernel::CommandId;
use ondol_runtime::{Request, Verdict};
use tokio::task::JoinSet;

use super::account::{Account, deposit};

/// How many accounts there are.
pub(crate) const ACCOUNTS: u64 = 10_000;
/// How many commands are in flight.
const IN_FLIGHT: u64 = 1_024;

/// The account that a command goes to: all over the place, and the same each time.
pub(crate) fn account_of(number: u64) -> String {
    format!("{:05}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % ACCOUNTS)
}

/// Sends one command and waits for its answer.
pub(crate) async fn send(desk: &Desk<Account>, number: u64) -> anyhow::Result<()> {
    let request = Request::new(CommandId::from_u128(u128::from(number) + 1));
    let answer = desk.handle(&account_of(number), deposit(number), &request).await?;
    anyhow::ensure!(matches!(answer.verdict, Verdict::Accepted(_)), "number {number} is refused");
    Ok(())
}

/// Sends so many commands, and says how many were answered in a second, and how long each took.
pub(crate) async fn run(
    desk: &Desk<Account>,
    from: u64,
    count: u64,
) -> anyhow::Result<(f64, Latencies)> {
    let next = Arc::new(AtomicU64::new(from));
    let watch = Stopwatch::start();
    let mut lines: JoinSet<anyhow::Result<Vec<Duration>>> = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (desk, next) = (desk.clone(), Arc::clone(&next));
        lines.spawn(async move {
            let mut took = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= from + count {
                    return Ok(took);
                }
                let watch = Stopwatch::start();
                send(&desk, number).await?;
                took.push(watch.elapsed());
            }
        });
    }
    let mut all = Vec::new();
    while let Some(line) = lines.join_next().await {
        all.extend(line??);
    }
    let rate = watch.rate(count);
    let mut latencies = Latencies::new();
    all.into_iter().for_each(|took| latencies.record(took));
    Ok((rate, latencies))
}
