//! The suite that every way between services passes.
//!
//! `ondol_bus::conformance!(way())` makes one test of each case; the expression is a future that
//! makes a fresh [`Way`]. A case lays the way over a service that it has made up, and what comes
//! out at the other end must be what went in, whatever the way does on purpose ([`Faults`]).

#[doc(hidden)]
pub mod calling;
mod faulty;
#[doc(hidden)]
pub mod following;
#[doc(hidden)]
pub mod made_up;
#[doc(hidden)]
pub mod reading;

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Calls, Feed};

pub use faulty::{Faults, FaultyCalls, FaultyFeed};

/// What is needed of a service at the other end.
#[derive(Debug, Clone)]
pub struct Ends {
    /// Its feed.
    pub feed: Arc<dyn Feed>,
    /// Its answers.
    pub calls: Arc<dyn Calls>,
}

/// A way between services.
#[async_trait]
pub trait Way: Debug + Send + Sync {
    /// Lays the way to a service of this name; what keeps it open is held as long as it is used.
    async fn lay(&self, service: &str, to: Ends) -> (Ends, Box<dyn Any + Send + Sync>);
}

/// No way at all: both are in one process.
#[derive(Debug)]
pub struct InProcess;

#[async_trait]
impl Way for InProcess {
    async fn lay(&self, _service: &str, to: Ends) -> (Ends, Box<dyn Any + Send + Sync>) {
        (to, Box::new(()))
    }
}

/// Makes one test of each case of the suite, over the way that the expression makes.
#[macro_export]
macro_rules! conformance {
    ($way:expr) => {
        $crate::conformance_cases! { $way,
            reading: a_page_comes_as_it_was_read
                only_what_is_wanted_comes
                a_reader_waits_until_something_is_published
                a_reader_that_waits_in_vain_is_told_how_far_the_log_was_read
                a_reader_ahead_of_the_log_is_told_so
                several_events_of_one_position_stay_together;
            following: every_event_comes_once_and_in_order_over_a_faulty_way
                a_slow_follower_misses_nothing_and_holds_up_nobody
                a_follower_that_begins_anew_goes_on_where_it_stood;
            calling: an_answer_comes_as_it_was_given
                a_failure_says_whether_to_ask_again
                what_is_asked_comes_as_it_was_meant
                over_a_faulty_way_every_command_takes_effect_once;
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($way:expr, $($module:ident: $($case:ident)*;)*) => {$($(
        #[tokio::test]
        async fn $case() {
            let way = $way.await;
            $crate::conformance::$module::$case(&way).await;
        }
    )*)*};
}
