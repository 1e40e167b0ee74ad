//! What is judged once in an interval: the shares, the returns, and the fading of old sins.

use std::sync::{Arc, atomic::Ordering};

use super::{Host, Outlier, OutlierOptions, SuccessRateRule};
use crate::{Tick, What, clock::nanos, sync::lock, window::share};

/// An endpoint with enough calls in an interval, and the share of them that succeeded.
struct Record {
    host: Arc<Host>,
    calls: u64,
    successes: f64,
}

impl Outlier {
    /// Sweeps if the interval is over. One caller does it; the others go on.
    pub(super) fn sweep_if_due(&self, options: &OutlierOptions, now: Tick) {
        let swept = self.0.swept.load(Ordering::Acquire);
        if now.as_nanos().saturating_sub(swept) < nanos(options.every) {
            return;
        }
        let claimed = self.0.swept.compare_exchange(
            swept,
            now.as_nanos(),
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if claimed.is_ok() {
            self.sweep(options, now);
        }
    }

    fn sweep(&self, options: &OutlierOptions, now: Tick) {
        let hosts: Vec<_> = lock!(self.0.hosts).clone();
        let mut records = Vec::new();
        for host in hosts {
            self.take_back(&host, now);
            let (calls, failures) = host.end_interval();
            if calls > 0 && !host.is_out(now) {
                let successes = 1.0 - share(failures, calls);
                records.push(Record { host, calls, successes });
            }
        }
        if let Some(rule) = options.failure_share {
            for record in &records {
                let failures = 1.0 - record.successes;
                if record.calls >= u64::from(rule.calls_min) && failures >= rule.share {
                    self.eject(options, &record.host, now, "failure share");
                }
            }
        }
        if let Some(rule) = options.success_rate {
            records.retain(|record| record.calls >= u64::from(rule.calls_min));
            let least = least_successes(rule, &records);
            for record in records.iter().filter(|record| record.successes < least) {
                self.eject(options, &record.host, now, "success rate");
            }
        }
    }

    /// Tells of a return; one who is in for a whole interval has one time out less to answer for.
    fn take_back(&self, host: &Host, now: Tick) {
        if host.is_out(now) {
            return;
        }
        if host.returns(now) {
            self.0.core.tell(What::Returned { endpoint: host.name.to_string() });
            return;
        }
        let times = host.times_out.load(Ordering::Acquire);
        host.times_out.store(times.saturating_sub(1), Ordering::Release);
    }
}

/// The share of successes below which an endpoint is an outlier among these.
fn least_successes(rule: SuccessRateRule, records: &[Record]) -> f64 {
    if (records.len() as u64) < u64::from(rule.hosts_min) {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a number of endpoints")]
    let count = records.len() as f64;
    let mean = records.iter().map(|record| record.successes).sum::<f64>() / count;
    let squares = records.iter().map(|record| (record.successes - mean).powi(2)).sum::<f64>();
    rule.deviations.mul_add(-(squares / count).sqrt(), mean)
}
