//! Budgets and their times.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const PER: Duration = Duration::from_secs(60);

fn wide(calls: u32) -> usize {
    usize::try_from(calls).expect("a small number")
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_budget_is_not_there_twice_at_the_edge_of_a_minute() {
    let mut window = Window::default();
    let taken = |window: &mut Window, from: u64| {
        (0..200).filter(|number| window.take(100, PER, at(from + number)).is_ok()).count()
    };
    assert_eq!(taken(&mut window, 59_000), 100);
    assert_eq!(taken(&mut window, 60_100), 0, "a new minute of the clock means nothing");
    assert_eq!(taken(&mut window, 118_800), 0, "the first comes back a minute after it was used");
    assert_eq!(taken(&mut window, 119_500), 100);
}

#[test]
fn whoever_waits_as_long_as_he_is_told_is_let_in() {
    let mut window = Window::default();
    for number in 0..10 {
        assert_eq!(
            window.take(10, PER, at(number * 5_000)),
            Ok(9 - u32::try_from(number).unwrap_or(0))
        );
    }
    let wait = window.take(10, PER, at(50_000)).expect_err("all are used");
    assert_eq!(wait, at(10_000), "the first was used at 0 and comes back at 60 s");
    assert!(window.take(10, PER, at(50_000) + wait - at(1)).is_err());
    assert!(window.take(10, PER, at(50_000) + wait).is_ok());
}

#[test]
fn what_was_not_used_after_all_can_be_used_by_another() {
    let mut window = Window::default();
    assert_eq!(window.take(1, PER, at(0)), Ok(0));
    window.give_back();
    assert_eq!(window, Window::default());
    assert_eq!(window.take(1, PER, at(1)), Ok(0));
}

#[test]
fn a_smaller_limit_holds_from_now_on_and_says_when_it_lets_in() {
    let mut window = Window::default();
    for second in 0..10 {
        assert!(window.take(10, PER, at(second * 5_000)).is_ok());
    }
    let wait = window.take(3, PER, at(50_000)).expect_err("ten are more than three");
    assert_eq!(wait, at(45_000), "eight of them have to come back");
}

proptest! {
    #[test]
    fn never_is_more_used_in_any_time_than_the_limit(
        calls in 1_u32..40,
        pauses in prop::collection::vec(0_u64..20_000, 1..400),
    ) {
        let mut window = Window::default();
        let mut used: VecDeque<Duration> = VecDeque::new();
        let mut now = Duration::ZERO;
        for pause in pauses {
            // Mostly quick, now and then a long rest.
            now += if pause > 19_000 { at(pause * 3) } else { at(pause % 3_000) };
            let a_little_more = PER + PER / PARTS;
            while used.front().is_some_and(|first| *first + a_little_more <= now) {
                used.pop_front();
            }
            match window.take(calls, PER, now) {
                Ok(_) => used.push_back(now),
                // Nobody is kept out who would be let in if uses came back a sixteenth late.
                Err(wait) => prop_assert!(wait <= PER && used.len() >= wide(calls), "{wait:?}"),
            }
            let within = used.iter().filter(|used| **used + PER > now).count();
            prop_assert!(within <= wide(calls), "{within}");
            prop_assert!(window.groups.len() <= 26, "{} groups", window.groups.len());
        }
    }

    #[test]
    fn a_budget_is_wholly_there_again_after_its_time(uses in prop::collection::vec(0_u64..60_000, 1..50)) {
        let mut window = Window::default();
        let mut now = Duration::ZERO;
        for pause in uses {
            now += at(pause / 50);
            window.add(PER, now);
        }
        prop_assert_eq!(window.used(PER, now + PER), 0);
    }
}
