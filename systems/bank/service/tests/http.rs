//! The account over HTTP, the same on every engine: the tests know nothing but the API, and each
//! engine is chosen by settings alone.

#[path = "http/bank.rs"]
mod bank;
#[path = "http/cases.rs"]
mod cases;
#[path = "http/killing.rs"]
mod killing;

/// Makes a module of one test a case, over a bank with these settings.
macro_rules! on {
    ($engine:ident, $settings:expr) => {
        mod $engine {
            use super::{bank::Bank, cases, killing};

            macro_rules! case {
                ($case:ident) => {
                    #[tokio::test(flavor = "multi_thread")]
                    async fn $case() {
                        let bank = Bank::start($settings).await;
                        cases::$case(&bank).await;
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

            case!(an_account_is_opened_paid_into_and_read_back);
            case!(a_repeated_request_gets_the_same_answer_and_has_one_effect);
            case!(a_request_without_a_key_is_refused);
            case!(a_key_is_not_used_twice_for_different_requests);
            case!(a_refusal_says_why_in_numbers);
            case!(what_has_changed_since_it_was_seen_is_not_changed_again);
            case!(an_account_can_be_looked_at_as_it_was);
            case!(a_statement_is_read_in_pages);
            case!(accounts_are_found_by_their_owner);
            case!(a_request_that_is_not_quite_right_is_refused);
            case!(the_api_describes_itself);
            case!(operators_see_how_it_stands);
            case!(everything_is_there_after_a_restart);
        }
    };
}

on!(disk, &[]);
on!(postgres, &["log.engine=postgres", "views.engine=postgres"]);
