//! Hedging under many interleavings.

use shuttle::thread;

use super::{Hedge, HedgeOptions};
use crate::BudgetOptions;

#[test]
fn the_last_second_call_of_a_budget_is_drawn_once_in_any_interleaving() {
    shuttle::check_pct(
        || {
            let budget = BudgetOptions { share: 0.0, floor: 1, ..BudgetOptions::default() };
            let options = HedgeOptions { budget, ..HedgeOptions::default() };
            let hedge = Hedge::new("test", options).expect("the options of a test are good");
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let hedge = hedge.clone();
                    thread::spawn(move || {
                        hedge.began();
                        u32::from(hedge.draw())
                    })
                })
                .collect();
            let drawn: u32 =
                threads.into_iter().map(|thread| thread.join().expect("no thread panics")).sum();
            let state = hedge.state();
            assert_eq!((drawn, state.hedged, state.out_of_budget, state.calls), (1, 1, 2, 3));
        },
        1_500,
        3,
    );
}
