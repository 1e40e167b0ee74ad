//! The judgement over made-up windows, and its laws.

use std::time::Duration;

use proptest::prelude::*;

use super::super::window::{Counting, Window};
use super::{Found, Progress, Stage, compare};
use crate::config::CanaryOptions;

fn options() -> CanaryOptions {
    toml::from_str("from = \"old\"\nto = \"new\"\n").expect("options")
}

/// So many answers that take so long, and so many that fail.
fn window(good: u64, millis: u64, bad: u64) -> Window {
    let counting = Counting::default();
    (0..good).for_each(|_| counting.succeeded(Duration::from_millis(millis)));
    (0..bad).for_each(|_| counting.failed());
    counting.take()
}

/// Where intervals with these windows lead.
fn after(intervals: usize, baseline: &Window, candidate: &Window) -> Progress {
    let options = options();
    let mut progress = Progress::begin(&options);
    for _ in 0..intervals {
        if progress.stage == Stage::Walking {
            progress = progress.judge(&options, baseline, candidate, 0).progress;
        }
    }
    progress
}

#[test]
fn a_build_that_does_as_well_gets_everything_step_by_step() {
    let (baseline, candidate) = (window(900, 10, 1), window(200, 11, 0));
    let shares: Vec<u8> = (0..5).map(|it| after(it, &baseline, &candidate).share).collect();
    assert_eq!(shares, [10, 25, 50, 100, 100]);
    assert_eq!(after(3, &baseline, &candidate).stage, Stage::Walking);
    assert_eq!(after(4, &baseline, &candidate).stage, Stage::Promoted);
}

#[test]
fn five_percent_of_errors_are_enough_to_go_back_at_once() {
    let progress = after(1, &window(900, 10, 0), &window(190, 10, 10));
    assert_eq!((progress.stage, progress.share), (Stage::RolledBack, 0));
    assert!(progress.moves[0].why.contains("5.00 %"), "{:?}", progress.moves);
}

#[test]
fn two_hundred_milliseconds_more_are_enough_to_go_back_at_once() {
    let progress = after(1, &window(900, 10, 0), &window(100, 210, 0));
    assert_eq!((progress.stage, progress.share), (Stage::RolledBack, 0));
    assert!(progress.moves[0].why.contains("99th percentile"), "{:?}", progress.moves);
}

#[test]
fn no_answers_at_all_are_borne_once_and_not_twice() {
    let (baseline, nothing) = (window(900, 10, 0), Window::default());
    assert_eq!(after(1, &baseline, &nothing).stage, Stage::Walking);
    assert_eq!(after(2, &baseline, &nothing).stage, Stage::RolledBack);
    assert_eq!(after(2, &nothing, &nothing).stage, Stage::RolledBack);
}

#[test]
fn what_was_too_little_counts_together_with_what_comes_next() {
    let options = options();
    let (baseline, few) = (window(500, 10, 0), window(60, 10, 0));
    let first = Progress::begin(&options).judge(&options, &baseline, &few, 0);
    assert!(!first.concluded);
    let both = first.progress.judge(&options, &baseline.and(&baseline), &few.and(&few), 0);
    assert_eq!((both.found, both.progress.share), (Found::Good, 25));
}

#[test]
fn an_outage_of_both_is_not_held_against_the_new_one_and_moves_nothing() {
    let progress = after(3, &window(100, 10, 800), &window(10, 10, 190));
    assert_eq!((progress.stage, progress.share), (Stage::Walking, 10));
}

#[test]
fn one_unlucky_request_among_few_is_no_reason() {
    assert_eq!(compare(&options(), &window(900, 10, 9), &window(98, 10, 2)), Found::Good);
    assert_eq!(compare(&options(), &window(1000, 10, 0), &window(100, 10, 0)), Found::Good);
}

#[test]
fn what_fails_too_rarely_for_one_interval_is_found_over_several() {
    let options = CanaryOptions { holds: 9, ..options() };
    let (baseline, candidate) = (window(900, 10, 0), window(97, 10, 3));
    assert_eq!(compare(&options, &baseline, &candidate), Found::Good);
    let mut progress = Progress::begin(&options);
    let mut intervals = 0;
    while progress.stage == Stage::Walking && intervals < 6 {
        progress = progress.judge(&options, &baseline, &candidate, 0).progress;
        intervals += 1;
    }
    assert_eq!(progress.stage, Stage::RolledBack, "after {intervals}");
}

#[test]
fn few_samples_of_either_side_are_enough_for_one_in_twenty() {
    let (baseline, candidate) = (window(100, 10, 0), window(95, 10, 5));
    let found = compare(&options(), &baseline, &candidate);
    assert!(matches!(found, Found::Failing { .. }), "{found:?}");
}

#[test]
fn a_frozen_one_stays_where_it_is_unless_it_fails() {
    let options = options();
    let mut progress = Progress::begin(&options);
    progress.frozen = true;
    let (baseline, nothing) = (window(900, 10, 0), Window::default());
    for candidate in [&window(200, 10, 0), &nothing, &nothing, &nothing] {
        progress = progress.judge(&options, &baseline, candidate, 0).progress;
        assert_eq!((progress.stage, progress.share), (Stage::Walking, 10));
    }
    progress = progress.judge(&options, &baseline, &window(100, 10, 100), 0).progress;
    assert_eq!((progress.stage, progress.share), (Stage::RolledBack, 0));
}

#[test]
fn with_everything_it_is_held_against_the_baseline_that_was() {
    let options = options();
    let (baseline, good) = (window(900, 10, 0), window(200, 10, 0));
    let whole = after(3, &baseline, &good);
    assert_eq!((whole.share, whole.stage), (100, Stage::Walking));
    let nothing = Window::default();
    let slow = whole.judge(&options, &nothing, &window(900, 300, 0), 0).progress;
    assert_eq!(slow.stage, Stage::RolledBack);
    assert_eq!(whole.judge(&options, &nothing, &good, 0).progress.stage, Stage::Promoted);
}

#[test]
fn it_is_the_same_after_it_was_written_and_read() {
    let progress = after(3, &window(900, 10, 0), &window(200, 10, 0));
    let text = serde_json::to_string(&progress).expect("text");
    assert_eq!(serde_json::from_str::<Progress>(&text).expect("progress"), progress);
}

prop_compose! {
    fn windows()(good in 0_u64..2_000, millis in 1_u64..800, bad in 0_u64..200) -> Window {
        window(good, millis, bad)
    }
}

proptest! {
    #[test]
    fn the_share_is_always_a_step_or_nothing_and_grows_by_one_step_at_a_time(
        intervals in prop::collection::vec((windows(), windows()), 1..12)
    ) {
        let options = options();
        let mut progress = Progress::begin(&options);
        for (baseline, candidate) in intervals {
            let next = progress.judge(&options, &baseline, &candidate, 0).progress;
            let place = |share| options.steps.iter().position(|step| *step == share);
            match next.stage {
                Stage::RolledBack => prop_assert_eq!(next.share, 0),
                Stage::Promoted => prop_assert_eq!((progress.share, next.share), (100, 100)),
                Stage::Walking => {
                    let (from, to) = (place(progress.share), place(next.share));
                    prop_assert!(from.is_some() && to >= from);
                    prop_assert!(to <= from.map(|from| from + 1));
                }
            }
            if next.stage != Stage::Walking {
                break;
            }
            progress = next;
        }
    }

    #[test]
    fn a_build_that_does_exactly_as_well_is_never_thrown_out(one in windows(), two in windows()) {
        let both = one.and(&two);
        let found = compare(&options(), &both, &both);
        prop_assert!(!matches!(found, Found::Failing { .. } | Found::Slow { .. }), "{found:?}");
    }

    #[test]
    fn what_is_worse_is_not_found_better(baseline in windows(), candidate in windows(), more in 1_u64..50) {
        let is_out = |found: &Found| matches!(found, Found::Failing { .. });
        if is_out(&compare(&options(), &baseline, &candidate)) {
            let worse = candidate.and(&window(0, 1, more));
            prop_assert!(is_out(&compare(&options(), &baseline, &worse)));
        }
    }

    #[test]
    fn any_build_that_fails_one_in_twenty_is_gone_within_three_intervals(seed in any::<u64>()) {
        let rng = ondol_doors::SeededRng::new(seed);
        let options = options();
        let mut progress = Progress::begin(&options);
        for _ in 0..3 {
            if progress.stage != Stage::Walking {
                break;
            }
            let share = u64::from(progress.share);
            let sent = 4_000 * share / 100;
            let bad = (0..sent).filter(|_| ondol_doors::Rng::below(&rng, 20) == 0).count();
            let bad = u64::try_from(bad).expect("few");
            let (baseline, candidate) = (window(4_000 - sent, 10, 0), window(sent - bad, 10, bad));
            progress = progress.judge(&options, &baseline, &candidate, 0).progress;
        }
        prop_assert_eq!(progress.stage, Stage::RolledBack);
    }
}
