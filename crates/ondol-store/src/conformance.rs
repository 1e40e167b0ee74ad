//! The suite that every engine passes.
//!
//! An engine says how a log of its own is made, opened and opened again ([`Engine`]), and
//! `conformance!(TheEngine)` in a test file of its crate makes one test of every case. An engine
//! whose logs may be open several times at once is a [`SharedEngine`] and passes
//! `conformance_shared!(TheEngine)` besides. Each case makes a log of its own and says with its
//! name what it promises. What needs a crash or a power cut to show is not here but in the
//! torture of each engine.
//!
//! | promise | kept by, among others |
//! |---|---|
//! | positions and versions count from 1 without gaps, in commit order | `sixty_four_writers_of_one_stream_leave_no_gap`, `what_was_acknowledged_first_stands_first`, `writers_in_conflict_leave_no_gaps`, `positions_and_versions_go_on_after_reopening`, `writers_of_several_instances_leave_no_gap` |
//! | an append is made whole or not at all | `one_stream_in_conflict_writes_nothing_to_any`, `streams_that_are_written_together_stay_together`, `nobody_sees_half_an_append`, `an_append_that_nobody_waits_for_is_done_or_not_done` |
//! | of writers who expect the same version one wins | `of_many_writers_of_the_same_version_exactly_one_wins`, `a_count_that_is_kept_by_expected_versions_loses_nothing` |
//! | a command takes effect once, and its outcome is the answer from then on | `a_hundred_racing_repeats_take_effect_once`, `every_outcome_is_remembered_after_reopening`, `a_command_that_is_accepted_and_refused_at_once_has_one_outcome` |
//! | an unknown outcome can be settled: what is void never takes effect | `a_void_command_that_arrives_late_writes_nothing`, `of_a_void_and_an_append_that_race_one_wins_and_both_agree` |
//! | a rule that spans streams holds also against plain appends | `of_fifty_racing_claims_of_one_email_exactly_one_is_taken`, `conditions_notice_plain_appends_that_race_them`, `a_limit_of_three_is_kept_by_thirty_racing_claims` |
//! | checks are made in one order and leave nothing behind | `the_rules_are_checked_before_the_recorded_outcome`, `the_expectations_are_checked_before_the_conditions`, `a_refused_append_leaves_its_command_without_an_outcome` |
//! | what is written is what is read, byte for byte | `data_that_is_not_text_comes_back`, `json_comes_back_letter_by_letter`, `all_that_surrounds_an_event_comes_back`, `everything_is_the_same_after_reopening` |
//! | "after position p" is all a reader needs | `a_reader_of_a_growing_log_misses_nothing`, `a_page_never_passes_over_what_is_wanted`, `every_filter_finds_the_same_in_pages_of_any_size`, `what_is_acknowledged_can_be_read_at_once` |
//! | a subscriber sees exactly what was committed, once, in order | `a_subscriber_sees_exactly_what_many_writers_commit`, `a_slow_subscriber_holds_up_nobody_and_misses_nothing`, `a_wait_that_is_given_up_and_taken_up_again_sees_every_event`, `a_subscriber_goes_on_across_reopening` |
//! | a reader ahead of a restored log notices | `a_reader_ahead_of_the_log_is_told_so`, `a_subscriber_ahead_of_the_log_is_told_so`, `a_condition_ahead_of_the_log_is_refused` |
//! | who watches is told of what can be read, and never of more | `what_watchers_are_told_of_can_be_read`, `a_refused_append_does_not_move_what_watchers_see` |
//! | everything has a limit | `an_append_has_so_many_bytes_and_not_one_more`, `a_page_of_the_log_has_no_more_bytes_than_a_page_may`, `a_snapshot_over_its_limit_is_refused_and_the_one_before_stays` |
//! | snapshots are disposable and seen only by their fold | `a_snapshot_of_another_fold_is_not_seen`, `a_snapshot_after_reopening_is_the_last_one_or_none` |
//! | the house's own records are no service's business | `a_stream_of_the_house_takes_no_events_from_outside`, `an_outcome_is_not_taken_beside_events` |
//! | a copy is exact, outcomes and all | `a_copy_has_every_event_where_it_was`, `a_copy_remembers_every_outcome`, `a_command_in_pieces_is_not_taken_over` |
//! | all of it together | `random_operations_come_to_what_the_model_says`, `racing_random_appends_can_be_explained_one_after_another` |

use std::sync::Arc;

use async_trait::async_trait;

use crate::Replica;

mod given;
mod list;
mod rules;

#[doc(hidden)]
pub mod atomicity;
#[doc(hidden)]
pub mod checks;
#[doc(hidden)]
pub mod commands;
#[doc(hidden)]
pub mod conditions;
#[doc(hidden)]
pub mod durability;
#[doc(hidden)]
pub mod expectations;
#[doc(hidden)]
pub mod history;
#[doc(hidden)]
pub mod house;
#[doc(hidden)]
pub mod limits;
#[doc(hidden)]
pub mod payloads;
#[doc(hidden)]
pub mod positions;
#[doc(hidden)]
pub mod reading;
#[doc(hidden)]
pub mod replicas;
#[doc(hidden)]
pub mod sharing;
#[doc(hidden)]
pub mod snapshots;
#[doc(hidden)]
pub mod streams;
#[doc(hidden)]
pub mod subscriptions;
#[doc(hidden)]
pub mod voids;

/// An engine with one log of its own, from the suite's point of view.
#[async_trait]
pub trait Engine: Send + Sync + Sized + 'static {
    /// Makes a log without events, with the usual limits and an epoch of its own, and opens it.
    async fn create() -> Self;

    /// The open log; the same instance until it is opened again.
    fn store(&self) -> Arc<dyn Replica>;

    /// Closes the log and opens it from what it has made durable, as after a restart. No case
    /// holds on to an instance across it, nor to anything made from one.
    async fn reopen(&mut self);
}

/// An engine whose logs may be open in several processes at once.
#[async_trait]
pub trait SharedEngine: Engine {
    /// One more instance of the log, as another process would open it.
    async fn another(&self) -> Arc<dyn Replica>;
}
