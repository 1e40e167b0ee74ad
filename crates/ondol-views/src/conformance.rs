//! The suite that every engine passes.
//!
//! `ondol_views::conformance!(stage())` makes one test of each case; the expression is a future
//! that makes a fresh [`Stage`]. A case knows nothing of the engine but the port.

#[doc(hidden)]
pub mod defining;
#[doc(hidden)]
pub mod failing;
#[doc(hidden)]
pub mod forgetting;
#[doc(hidden)]
pub mod laws;
#[doc(hidden)]
pub mod made_up;
#[doc(hidden)]
pub mod mending;
#[doc(hidden)]
pub mod parking;
#[doc(hidden)]
pub mod projecting;
#[doc(hidden)]
pub mod querying;
#[doc(hidden)]
pub mod random;
#[doc(hidden)]
pub mod rebuilding;
#[doc(hidden)]
pub mod refusing;
#[doc(hidden)]
pub mod town;
#[doc(hidden)]
pub mod verifying;
#[doc(hidden)]
pub mod writing;

use std::any::Any;
use std::sync::Arc;

use crate::{FailOnce, Limits, RefusalLimits, ViewStore};

/// The limits of a stage: small enough to be met.
pub fn limits() -> Limits {
    let refusals =
        RefusalLimits { refusals_max: 100, bytes_max: 1 << 20, ..RefusalLimits::default() };
    Limits { counted_max: 5_000, parked_max: 100, waiting_max: 100, refusals, ..Limits::default() }
}

/// A fresh store, and the hand that makes its writes fail.
#[derive(Debug)]
pub struct Stage {
    /// The store.
    pub store: Arc<dyn ViewStore>,
    /// What makes its writes fail.
    pub faults: Arc<FailOnce>,
    /// What must outlive the store: a folder, a server.
    pub guard: Box<dyn Any + Send + Sync>,
}

/// Makes one test of each case of the suite, over the stage that the expression makes.
#[macro_export]
macro_rules! conformance {
    ($stage:expr) => {
        $crate::conformance_cases! { $stage,
            defining: a_view_that_is_made_again_stays_as_it_is
                a_view_made_by_another_fold_is_refused
                a_view_with_other_indexes_is_refused
                a_view_with_too_many_indexes_is_refused
                every_question_about_an_unknown_view_says_so
                views_are_listed_in_the_order_of_their_ids
                nothing_answers_until_it_serves
                serving_swaps_at_once_and_says_what_served_before
                a_serving_view_is_not_dropped
                a_dropped_view_takes_all_of_its_own_and_nothing_of_others
                a_dropped_view_can_be_made_anew_and_is_empty;
            writing: a_document_is_read_as_it_was_written
                a_load_answers_every_key_in_order
                a_load_of_too_many_keys_is_refused
                a_write_upon_another_checkpoint_changes_nothing
                a_first_write_is_made_once
                two_writers_upon_one_checkpoint_do_not_both_write
                several_logs_have_a_checkpoint_each
                a_document_over_the_limit_is_refused_with_its_whole_write
                a_removed_document_is_gone_with_its_entries
                documents_are_counted_as_they_come_and_go
                sets_of_documents_do_not_see_each_other
                whoever_watches_hears_of_writes_and_swaps
                a_reader_never_sees_half_a_write;
            failing: a_write_that_fails_before_its_commit_leaves_nothing
                a_write_that_fails_after_its_commit_leaves_everything
                a_store_goes_on_after_a_failed_write;
            parking: a_parked_key_says_why_and_since_when
                what_waits_is_kept_in_order
                what_was_dealt_with_waits_no_longer
                parking_again_keeps_what_waits
                a_released_key_leaves_nothing_behind
                nothing_waits_behind_what_is_not_parked
                parked_keys_are_listed_in_pages;
            querying: equal_values_are_found_in_the_order_of_their_keys
                numbers_are_ordered_as_numbers
                texts_are_ordered_by_their_code_points
                a_range_ends_before_its_end
                texts_are_found_by_how_they_begin
                the_first_part_of_a_pair_can_be_asked_for_alone
                numbers_come_before_texts
                a_document_is_found_once_for_each_of_its_entries
                a_changed_document_is_found_by_its_new_value_only
                documents_are_listed_by_their_keys
                a_page_goes_on_where_the_one_before_has_ended
                pages_are_not_shifted_by_what_comes_and_goes
                a_page_is_never_larger_than_the_limit
                a_cursor_of_another_query_is_refused
                a_damaged_cursor_is_refused
                an_unknown_index_is_named_with_those_that_are_known
                documents_are_counted_within_a_selection
                a_count_is_given_up_at_the_limit;
            refusing: a_refusal_is_recalled_as_it_was_kept
                the_first_refusal_of_a_command_is_the_one_that_stays
                a_refusal_is_forgotten_after_its_time
                the_oldest_make_room_for_the_newest
                large_refusals_make_room_for_each_other
                many_refused_at_once_are_each_remembered;
            random: a_store_answers_as_the_one_in_memory_does;
            projecting: documents_are_folded_from_their_events
                a_restart_goes_on_where_it_stopped
                a_live_view_follows_its_log
                events_that_touch_nothing_move_the_checkpoint_on
                a_log_of_another_life_stops_the_view
                a_log_that_ends_before_the_checkpoint_stops_the_view
                two_projections_of_one_view_fold_nothing_twice
                several_logs_are_folded_into_one_view
                waiting_for_a_place_ends_when_it_is_reached
                waiting_is_bounded_and_says_that_it_was_not_met
                waiting_for_another_life_of_the_log_is_refused
                a_store_that_fails_now_and_then_is_tried_again;
            mending: a_poison_event_parks_its_own_key_and_others_flow
                what_waits_is_folded_in_order_once_it_is_mended
                a_mended_key_is_tried_again_at_the_next_start
                a_retry_in_vain_counts_the_try_and_keeps_what_waits
                a_second_poison_event_is_found_behind_the_first
                a_skipped_event_is_left_out_and_the_rest_follows
                more_may_wait_than_is_kept_by_position
                an_unreadable_event_parks_its_stream
                a_skipped_stream_goes_on_after_the_unreadable_event
                documents_that_moved_on_are_folded_in_order_when_a_stream_is_released
                a_key_that_cannot_be_kept_parks_its_stream
                a_document_that_outgrows_the_limit_is_parked_as_it_was
                too_much_that_is_parked_stops_the_view
                what_is_not_parked_cannot_be_retried;
            rebuilding: a_view_that_says_it_answers_does
                a_rebuild_goes_on_beside_and_takes_its_place
                the_way_back_is_at_once
                a_word_that_comes_late_is_followed
                only_one_build_is_made_at_a_time
                a_new_version_takes_the_place_of_the_old_one
                a_new_version_waits_for_a_word_if_told_to
                one_document_is_rebuilt_alone
                a_rebuild_shows_how_far_it_is;
            verifying: a_view_equals_its_replay
                a_changed_document_is_found_and_shown
                missing_and_extra_documents_are_found
                wrong_entries_are_found
                a_sample_finds_what_it_looks_at
                a_parked_document_equals_its_replay_up_to_the_poison
                a_view_that_is_written_to_is_verified_all_the_same;
            forgetting: a_document_whose_time_is_over_is_thrown_away;
            laws: a_view_equals_a_replay_whatever_happens;
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
