//! What calls have taken lately: a histogram with buckets an eighth of an octave wide, so that a
//! percentile is right to within 9 %.

use std::time::Duration;

use crate::clock::nanos;

const PER_OCTAVE: u32 = 8;
const BUCKETS: usize = 64 * PER_OCTAVE as usize;
/// So many calls make one half of what is remembered.
const HALF: u32 = 1_000;
/// The percentile is worked out anew after so many calls.
const FRESH_FOR: u32 = 50;

#[derive(Debug)]
pub(super) struct Latencies {
    halves: [Box<[u32]>; 2],
    counts: [u32; 2],
    cached: Option<(f64, Duration)>,
    since_cached: u32,
}

impl Default for Latencies {
    fn default() -> Self {
        let half = || vec![0; BUCKETS].into_boxed_slice();
        Self { halves: [half(), half()], counts: [0; 2], cached: None, since_cached: 0 }
    }
}

impl Latencies {
    pub(super) fn add(&mut self, time: Duration) {
        if self.counts[0] >= HALF {
            self.halves.swap(0, 1);
            self.halves[0].fill(0);
            self.counts = [0, self.counts[0]];
        }
        self.halves[0][bucket(nanos(time))] += 1;
        self.counts[0] += 1;
        self.since_cached += 1;
    }

    /// The time that this share of calls did not exceed, if that many are known.
    pub(super) fn percentile(&mut self, share: f64, samples_min: u32) -> Option<Duration> {
        let known = self.counts[0] + self.counts[1];
        if known < samples_min {
            return None;
        }
        if let Some((cached, time)) = self.cached
            && cached.to_bits() == share.to_bits()
            && self.since_cached < FRESH_FOR
        {
            return Some(time);
        }
        let time = self.work_out(f64::from(known) * share);
        (self.cached, self.since_cached) = (Some((share, time)), 0);
        Some(time)
    }

    fn work_out(&self, rank: f64) -> Duration {
        let mut seen = 0;
        for bucket in 0..BUCKETS {
            seen += self.halves[0][bucket] + self.halves[1][bucket];
            if f64::from(seen) >= rank {
                return Duration::from_nanos(upper_edge(bucket));
            }
        }
        Duration::MAX
    }
}

/// The bucket of a time: its octave, and the three bits after the leading one.
fn bucket(nanos: u64) -> usize {
    let octave = nanos.max(1).ilog2();
    let fraction = if octave >= 3 { nanos >> (octave - 3) & 7 } else { 0 };
    octave as usize * PER_OCTAVE as usize + usize::try_from(fraction).unwrap_or(0)
}

fn upper_edge(bucket: usize) -> u64 {
    let (octave, fraction) = (bucket / PER_OCTAVE as usize, bucket % PER_OCTAVE as usize);
    let edge = (9 + fraction as u128) << octave >> 3;
    u64::try_from(edge).unwrap_or(u64::MAX)
}
