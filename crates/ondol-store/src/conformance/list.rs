//! Every case by name, once: what the macros make tests of.

/// Makes a test of every case, for one engine.
///
/// The crate that calls it depends on tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance {
    ($engine:ty) => {
        $crate::conformance_cases! { $engine =>
            atomicity:
                an_append_to_several_streams_writes_to_all_of_them
                events_stand_in_the_log_in_the_order_of_their_append
                one_stream_in_conflict_writes_nothing_to_any
                a_broken_condition_writes_nothing_to_any_stream
                the_most_streams_of_an_append_are_written_at_once
                appends_that_cross_over_the_same_streams_all_end
                streams_that_are_written_together_stay_together
                nobody_sees_half_an_append
            ;
            checks:
                the_rules_are_checked_before_the_recorded_outcome
                the_recorded_outcome_is_checked_before_the_expectations
                the_recorded_outcome_is_checked_before_the_conditions
                the_recorded_outcome_is_checked_before_a_condition_ahead_of_the_log
                the_expectations_are_checked_before_the_conditions
                a_refused_append_leaves_its_command_without_an_outcome
                a_refused_append_does_not_move_what_watchers_see
            ;
            commands:
                a_command_that_never_came_has_no_outcome
                an_accepted_command_is_remembered
                the_first_append_of_a_command_is_no_repeat
                a_repeated_command_answers_with_its_outcome_and_writes_nothing
                a_repeated_command_with_other_events_is_still_a_repeat
                an_append_without_a_command_is_never_a_repeat
                a_command_over_several_streams_has_one_outcome
                a_refusal_is_remembered_with_its_reason
                a_refused_command_stays_refused
                an_accepted_command_is_not_refused_later
                a_command_that_changed_nothing_is_remembered
                every_outcome_is_remembered_after_reopening
                a_thousand_commands_are_each_remembered
                a_hundred_racing_repeats_take_effect_once
                racing_repeats_with_an_expectation_take_effect_once
                a_command_that_is_accepted_and_refused_at_once_has_one_outcome
                every_event_of_a_command_names_it
                an_event_that_names_another_command_is_refused
                what_was_no_event_of_a_service_is_kept_in_the_commands_stream
            ;
            expectations:
                any_writes_to_a_stream_without_events
                any_writes_to_a_stream_with_events
                no_stream_writes_to_a_stream_without_events
                no_stream_refuses_a_stream_with_events
                exists_refuses_a_stream_without_events
                exists_writes_to_a_stream_with_events
                exactly_zero_writes_to_a_stream_without_events
                exactly_zero_refuses_a_stream_with_events
                exactly_the_last_version_writes
                exactly_an_older_version_is_refused
                exactly_a_newer_version_is_refused
                exactly_a_version_of_a_stream_without_events_is_refused
                a_version_no_stream_ever_reaches_is_refused
                a_conflict_names_the_stream_what_was_expected_and_what_was_found
                a_refused_append_uses_up_no_position_and_no_version
                a_refused_append_goes_through_once_the_stream_stands_as_expected
                streams_with_similar_names_do_not_mix
                streams_of_different_kinds_with_one_key_do_not_mix
            ;
            positions:
                the_first_event_has_position_one_and_version_one
                positions_count_on_across_streams_and_versions_within_each
                an_outcome_tells_the_positions_of_the_events
                sixteen_writers_of_their_own_streams_leave_no_gap
                sixty_four_writers_of_one_stream_leave_no_gap
                what_was_acknowledged_first_stands_first
                of_many_writers_of_the_same_version_exactly_one_wins
                a_count_that_is_kept_by_expected_versions_loses_nothing
                writers_in_conflict_leave_no_gaps
                positions_and_versions_go_on_after_reopening
            ;
            voids:
                a_command_that_never_came_is_made_void
                a_void_command_that_arrives_late_writes_nothing
                a_command_that_took_effect_is_not_made_void
                a_command_that_was_refused_is_not_made_void
                a_command_that_changed_nothing_is_not_made_void
                making_a_command_void_again_changes_nothing
                a_void_command_stays_void_after_reopening
                a_void_keeps_who_made_it_and_why
                of_a_void_and_an_append_that_race_one_wins_and_both_agree
                of_many_voids_and_appends_that_race_all_agree
            ;
        }
    };
}

/// Makes a test of every case about logs that are open several times at once, for one engine.
#[macro_export]
macro_rules! conformance_shared {
    ($engine:ty) => {
        $crate::conformance_cases! { $engine =>
        }
    };
}

/// One test a case. Machines have several cores, so races are run on several threads.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($engine:ty => $($topic:ident: $($case:ident)* ;)*) => {$($(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            $crate::conformance::$topic::$case::<$engine>().await;
        }
    )*)*};
}
