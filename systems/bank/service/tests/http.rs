//! The account over HTTP, the same on every engine: the tests know nothing but the API, and each
//! engine is chosen by settings alone.

#[path = "http/bank.rs"]
#[expect(dead_code, reason = "the tests of the command line ask for more")]
mod bank;
#[path = "http/batches.rs"]
mod batches;
#[path = "http/cases.rs"]
mod cases;
#[path = "http/killing.rs"]
mod killing;
#[path = "http/listening.rs"]
mod listening;
#[path = "http/refusing.rs"]
mod refusing;

/// Makes a module of one test a case, over a bank with these settings.
macro_rules! on {
    ($engine:ident, $settings:expr) => {
        mod $engine {
            use super::{bank::Bank, batches, cases, killing, listening, refusing};

            macro_rules! case {
                ($cases:ident::$case:ident) => {
                    #[tokio::test(flavor = "multi_thread")]
                    async fn $case() {
                        let bank = Bank::start($settings).await;
                        $cases::$case(&bank).await;
                        bank.stop().await;
                    }
                };
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn no_payment_is_lost_or_made_twice_when_it_is_killed() {
                let bank = std::sync::Arc::new(Bank::start($settings).await);
                killing::no_payment_is_lost_or_made_twice_when_it_is_killed(&bank).await;
                bank.stop().await;
            }

            case!(cases::an_account_is_opened_paid_into_and_read_back);
            case!(cases::e2_a_repeated_request_gets_the_same_answer_and_has_one_effect);
            case!(cases::e1_a_request_without_a_key_is_refused);
            case!(cases::e4_a_hundred_requests_at_once_under_one_key_have_one_effect);
            case!(cases::e3_a_key_is_not_used_twice_for_different_requests);
            case!(cases::a_refusal_says_why_in_numbers);
            case!(cases::e6_what_has_changed_since_it_was_seen_is_not_changed_again);
            case!(cases::an_account_can_be_looked_at_as_it_was);
            case!(cases::a_statement_is_read_in_pages);
            case!(cases::accounts_are_found_by_their_owner);
            case!(cases::e8_nobody_says_where_when_or_for_whom_an_event_is);
            case!(cases::e11_a_body_that_can_be_read_in_two_ways_is_refused);
            case!(cases::e12_a_body_that_is_not_said_to_be_json_in_utf8_is_refused);
            case!(cases::what_is_asked_for_in_vain_is_told_as_a_problem);
            case!(cases::the_api_describes_itself);
            case!(cases::operators_see_how_it_stands);
            case!(cases::everything_is_there_after_a_restart);
            case!(refusing::a_no_is_a_no_also_after_it_was_killed);
            case!(refusing::e3_another_request_under_a_key_is_told_also_after_it_was_killed);
            case!(batches::e10_movements_are_made_all_or_none);
            case!(batches::e10_one_bad_movement_of_a_hundred_spoils_them_all);
            case!(batches::e10_more_movements_than_there_may_be_are_refused);
            case!(listening::what_happens_is_told_as_it_happens_and_none_is_missed);
            case!(listening::e13_whoever_asks_for_what_cannot_be_is_told_so);
            case!(listening::e13_what_has_not_happened_yet_is_waited_for);
            case!(listening::whoever_listens_does_not_keep_it_from_ending);
        }
    };
}

on!(disk, &[]);
on!(postgres, &["log.engine=postgres", "views.engine=postgres"]);
