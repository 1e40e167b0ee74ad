//! The suite that every engine passes.
//!
//! `ondol_timers::conformance!(stage())` makes one test of each case; the expression is a future
//! that makes a fresh [`Stage`]. A case knows nothing of the engine but the port.

#[doc(hidden)]
pub mod firing;
#[doc(hidden)]
pub mod given;
#[doc(hidden)]
pub mod keeping;
#[doc(hidden)]
pub mod random;
#[doc(hidden)]
pub mod sleeping;

use std::any::Any;
use std::sync::Arc;

use crate::TimerStore;

/// A fresh store.
#[derive(Debug)]
pub struct Stage {
    /// The store; it takes at least 10 orders a write.
    pub store: Arc<dyn TimerStore>,
    /// What must outlive the store: a folder, a server.
    pub guard: Box<dyn Any + Send + Sync>,
}

/// Makes one test of each case of the suite, over the stage that the expression makes.
#[macro_export]
macro_rules! conformance {
    ($stage:expr) => {
        $crate::conformance_cases! { $stage,
            sleeping: a_timer_that_was_set_sleeps_until_it_is_due
                timers_are_due_in_the_order_of_their_times_then_of_their_names
                a_page_goes_on_after_the_place_where_the_one_before_ended
                a_page_is_never_larger_than_the_limit
                a_timer_of_the_same_name_replaces_the_one_before
                a_cancelled_timer_is_gone
                cancelling_what_is_not_there_does_nothing
                orders_of_one_write_are_obeyed_one_after_the_other
                timers_of_one_name_in_two_streams_are_two
                books_do_not_see_each_other
                the_first_and_the_last_moment_there_is_are_kept
                whoever_watches_hears_of_writes;
            keeping: a_write_upon_another_checkpoint_changes_nothing
                a_first_write_is_made_once
                two_writers_upon_one_checkpoint_do_not_both_write
                too_many_orders_are_refused_whole
                a_book_that_is_cleared_begins_anew
                a_book_equals_a_replay_of_its_log;
            firing: what_has_fired_is_settled_once
                a_timer_that_was_replaced_is_not_settled_by_the_one_before
                settling_what_is_not_there_does_nothing
                settling_leaves_the_checkpoint_where_it_stands;
            random: a_store_answers_as_the_one_in_memory_does;
        }
    };
}

/// Writes the tests out, one module of cases at a time.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($stage:expr, $($cases:ident: $($case:ident)+;)+) => {$(
        mod $cases {
            use super::*;
            $(
                #[tokio::test]
                async fn $case() {
                    $crate::conformance::$cases::$case($stage.await).await;
                }
            )+
        }
    )+};
}
