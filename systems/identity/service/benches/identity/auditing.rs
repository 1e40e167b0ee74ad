//! How fast an audit log is verified.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use ondol_bench::{Bench, Stopwatch};
use ondol_doors::{Clock, SystemClock};
use ondol_vault::{AuditLog, AuditOptions, AuditRecord, Outcome, verify_audit};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const ONE: &str = "one thread";
/// How many write at once.
const WRITERS: u64 = 256;

/// A log to be verified.
pub(crate) struct Filled {
    options: AuditOptions,
    records: u64,
    payload: Vec<u8>,
}

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

/// Writes a log of so many records.
pub(crate) fn filled(folder: &Path, runtime: &Runtime, records: u64) -> anyhow::Result<Filled> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let options = AuditOptions::new(folder.join("filled"), folder.join("filled.anchors"));
    let payload = serde_json::to_vec(&record(clock.as_ref()))?;
    runtime.block_on(async {
        let log = AuditLog::open(&options, Arc::clone(&clock))?;
        let mut writers: JoinSet<anyhow::Result<()>> = JoinSet::new();
        for _ in 0..WRITERS {
            let (log, clock) = (log.clone(), Arc::clone(&clock));
            writers.spawn(async move {
                for _ in 0..records / WRITERS {
                    log.write(&record(clock.as_ref())).await?;
                }
                Ok(())
            });
        }
        while let Some(done) = writers.join_next().await {
            done??;
        }
        anyhow::Ok(())
    })?;
    Ok(Filled { options, records, payload })
}

pub(crate) fn cases(filled: Filled, bench: &mut Bench<'_>) {
    let Filled { options, records, payload } = filled;
    let size = format!("{} bytes", payload.len());
    let block = [payload.as_slice(), &[0; 54]].concat();
    let case = bench.case("hashes alone").unit("records/s").setting("payload", &size);
    case.setting("concurrency", ONE).measure(move || {
        let watch = Stopwatch::start();
        for _ in 0..records {
            std::hint::black_box(digest(&SHA256, &block));
        }
        watch.rate(records)
    });
    let case = bench.case("audit verify").unit("records/s").against("hashes alone");
    case.setting("payload", size).setting("concurrency", ONE).measure(move || {
        let watch = Stopwatch::start();
        let verified = verify_audit(&options.file, &options.anchors)?;
        assert_eq!(verified.records, records);
        Ok::<_, anyhow::Error>(watch.rate(records))
    });
}
