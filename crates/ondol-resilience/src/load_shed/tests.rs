//! Shedding under many interleavings.

use shuttle::thread;

use super::{LoadShed, LoadShedOptions};
use crate::Priority;

#[test]
fn calls_that_are_shed_never_shed_a_more_important_one_in_any_interleaving() {
    shuttle::check_pct(
        || {
            let options =
                LoadShedOptions { calls_max: 2, low_share: 0.5, ..LoadShedOptions::default() };
            let shed = LoadShed::new("test", options).expect("the options of a test are good");
            let first = shed.enter(Priority::High).expect("it is empty");
            let crowd: Vec<_> = (0..2)
                .map(|_| {
                    let shed = shed.clone();
                    thread::spawn(move || assert!(shed.enter(Priority::Low).is_err()))
                })
                .collect();
            drop(shed.enter(Priority::High).expect("there is room for an important one"));
            crowd.into_iter().for_each(|thread| thread.join().expect("no thread panics"));
            drop(first);
            assert_eq!(shed.state().calls, 0);
        },
        1_500,
        3,
    );
}
