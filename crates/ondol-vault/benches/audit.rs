//! How fast an audit log is verified, and written.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use ondol_bench::{Bench, Stopwatch};
use ondol_doors::{Clock, SystemClock};
use ondol_vault::{AuditLog, AuditOptions, AuditRecord, Outcome, verify_audit};
use tokio::task::JoinSet;

fn record(clock: &dyn Clock) -> AuditRecord {
    AuditRecord {
        time: clock.now(),
        action: "token".to_owned(),
        outcome: Outcome::Success,
        actor: Some("0193f4a0-0000-7000-8000-000000000001".to_owned()),
        client: Some("web".to_owned()),
        address: Some("192.0.2.0/24".to_owned()),
        reason: Some("authorization_code".to_owned()),
    }
}

async fn write(log: &AuditLog, clock: &Arc<dyn Clock>, records: u64) {
    let mut writers = JoinSet::new();
    let each = records / 256;
    for _ in 0..256 {
        let (log, clock) = (log.clone(), Arc::clone(clock));
        writers.spawn(async move {
            for _ in 0..each {
                log.write(&record(clock.as_ref())).await.expect("it holds");
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.expect("no panic");
    }
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let folder = tempfile::tempdir()?;
    let place = |name: &str| {
        AuditOptions::new(folder.path().join(name), folder.path().join(format!("{name}.anchors")))
    };
    let payload = serde_json::to_vec(&record(clock.as_ref()))?;
    let filled = place("filled");
    let mut bench = Bench::from_args("audit")?;
    bench.setting("sync", "fdatasync before the answer");
    bench.setting("payload", format!("{} bytes", payload.len()));
    bench.setting("concurrency", "256 writers; one thread verifies");
    bench.folder(folder.path());
    let records = bench.size(256_000, 2_560);
    runtime.block_on(async {
        let log = AuditLog::open(&filled, Arc::clone(&clock))?;
        write(&log, &clock, records).await;
        Ok::<_, anyhow::Error>(())
    })?;
    bench.case("hashes alone").unit("records/s").measure(|| {
        let block = [payload.as_slice(), &[0; 54]].concat();
        let watch = Stopwatch::start();
        for _ in 0..records {
            std::hint::black_box(digest(&SHA256, &block));
        }
        watch.rate(records)
    });
    bench.case("verify").unit("records/s").against("hashes alone").measure(|| {
        let watch = Stopwatch::start();
        let verified = verify_audit(&filled.file, &filled.anchors)?;
        assert_eq!(verified.records, records);
        Ok::<_, anyhow::Error>(watch.rate(records))
    });
    bench.run()?;
    Ok(())
}
