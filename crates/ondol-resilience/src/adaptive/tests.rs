//! The adaptive limit under many interleavings.

use std::time::Duration;

use shuttle::thread;

use super::{Adaptive, AdaptiveOptions};
use crate::{Doors, ManualClock, Outcome, Time};

fn options() -> AdaptiveOptions {
    AdaptiveOptions {
        limit_start: 4,
        limit_min: 2,
        limit_max: 6,
        every: Duration::from_nanos(1),
        samples_min: 1,
        ..AdaptiveOptions::default()
    }
}

#[test]
fn the_limit_that_is_told_is_the_one_that_holds_in_any_interleaving() {
    shuttle::check_pct(
        || {
            let clock = ManualClock::new();
            let doors = Doors { time: Time::of(clock.clone()), ..Doors::default() };
            let adaptive =
                Adaptive::with("test", options(), &doors).expect("the options of a test are good");
            let threads: Vec<_> = [Some(Outcome::Failure), Some(Outcome::Success), None]
                .into_iter()
                .map(|outcome| {
                    let (adaptive, clock) = (adaptive.clone(), clock.clone());
                    thread::spawn(move || {
                        for _ in 0..2 {
                            let Ok(call) = adaptive.enter() else { continue };
                            clock.advance(Duration::from_millis(1));
                            if let Some(outcome) = outcome {
                                call.finish(outcome);
                            }
                        }
                        if outcome.is_none() {
                            let smaller =
                                AdaptiveOptions { limit_start: 3, limit_max: 3, ..options() };
                            adaptive.change(smaller).expect("the options of a test are good");
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().expect("no thread panics"));
            let state = adaptive.state();
            assert_eq!(state.calls, 0, "every place comes back");
            assert!((2..=3).contains(&state.limit), "{state:?}");
            let held: Vec<_> = (0..state.limit).map(|_| adaptive.enter()).collect();
            assert!(held.iter().all(Result::is_ok), "so many go in as the limit says");
            assert!(adaptive.enter().is_err(), "and not one more");
        },
        1_500,
        3,
    );
}
