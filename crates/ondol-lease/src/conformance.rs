//! The suite that every engine passes.
//!
//! `ondol_lease::conformance!(stage())` makes one test of each case; the expression is a future
//! that makes a fresh [`Stage`].

#[doc(hidden)]
pub mod cases;

use std::sync::Arc;

use crate::LeaseStore;

/// A fresh store.
#[derive(Debug)]
pub struct Stage {
    /// The store.
    pub store: Arc<dyn LeaseStore>,
}

/// Makes one test of each case of the suite, over the stage that the expression makes.
#[macro_export]
macro_rules! conformance {
    ($stage:expr) => {
        $crate::conformance_cases! { $stage,
            a_free_lease_is_taken_under_its_first_epoch
            a_lease_that_is_held_is_given_to_nobody_else
            a_renewal_keeps_the_epoch
            a_lease_whose_term_is_over_is_taken_under_a_higher_epoch
            whoever_was_overtaken_no_longer_passes_the_check
            whoever_was_overtaken_cannot_renew
            a_lease_that_is_given_back_is_free_at_once
            giving_back_what_was_overtaken_changes_nothing
            one_who_takes_its_own_ended_lease_keeps_the_epoch
            leases_of_two_names_are_two
            of_many_who_ask_at_once_one_is_given_it
        }
    };
}

/// Writes the tests out.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($stage:expr, $($case:ident)+) => {$(
        #[tokio::test]
        async fn $case() {
            $crate::conformance::cases::$case($stage.await).await;
        }
    )+};
}
