//! Buckets and percentiles against exact ones.

use std::time::Duration;

use proptest::prelude::*;

use super::{BUCKETS, Counting, begin, bucket};

proptest! {
    #[test]
    fn every_time_lies_in_its_bucket(micros in 64_u64..4_000_000_000) {
        let at = bucket(Duration::from_micros(micros));
        prop_assert!(begin(at) <= micros && micros < begin(at + 1), "{micros} in {at}");
        prop_assert!(begin(at + 1) - begin(at) <= micros / 16 + 1);
    }

    #[test]
    fn a_percentile_is_right_to_a_sixteenth(times in prop::collection::vec(64_u64..10_000_000, 1..300)) {
        let counting = Counting::default();
        times.iter().for_each(|micros| counting.succeeded(Duration::from_micros(*micros)));
        let mut sorted = times.clone();
        sorted.sort_unstable();
        let exact = sorted[(times.len() * 99).div_ceil(100) - 1];
        let told = u64::try_from(counting.take().p99().as_micros()).expect("small");
        prop_assert!(exact < told && told <= exact + exact / 16 + 5, "{exact} and {told}");
    }

    #[test]
    fn two_stretches_are_as_one(one in prop::collection::vec(1_u64..9_000_000, 0..50), other in prop::collection::vec(1_u64..9_000_000, 0..50)) {
        let (apart, whole) = (Counting::default(), Counting::default());
        let count = |counting: &Counting, times: &[u64]| {
            times.iter().for_each(|micros| counting.succeeded(Duration::from_micros(*micros)));
            counting.failed();
        };
        count(&apart, &one);
        let first = apart.take();
        count(&apart, &other);
        let both = first.and(&apart.take());
        count(&whole, &one);
        count(&whole, &other);
        prop_assert_eq!(both, whole.take());
        prop_assert_eq!(apart.take().all(), 0);
    }
}

#[test]
fn the_ends_of_the_scale_hold_whatever_comes() {
    assert_eq!(bucket(Duration::ZERO), 0);
    assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
}

#[test]
fn an_answer_that_is_cut_is_no_good_one_and_is_counted_once() {
    let counting = Counting::default();
    (0..4).for_each(|_| counting.succeeded(Duration::from_millis(3)));
    counting.cut();
    counting.failed();
    let window = counting.take();
    assert_eq!((window.all(), window.bad()), (5, 2));
    // One that was counted in the interval before is not taken off twice.
    counting.cut();
    assert_eq!(counting.take().bad(), 0);
}
