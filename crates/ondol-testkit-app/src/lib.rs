//! A whole app in memory inside a test: all its services and whatever runs in them on its own,
//! with time that stands still and chance that a seed repeats.
//!
//! ```text
//! let app = TestApp::of(bank::app());
//! app.given::<Account>("kim", [opened, deposited]);
//! app.send::<Account>("kim", Command::Withdraw { .. }).then([Event::Withdrawn { .. }]);
//! assert_eq!(app.view::<Balance>("kim"), Some(..));
//! app.advance(mins(10));
//! app.crash();
//! app.check();
//! ```
//!
//! Nothing waits for a moment and hopes. [`TestApp::settle`] goes on until no task has anything
//! left to do, which is known and not guessed: the app runs on one thread of its own, and is
//! idle when nothing on it is awake and nothing works beside it. Where everything waits for time,
//! time passes, and only then: what takes an hour takes none.
//!
//! The tests are ordinary functions, not asynchronous ones: the app has its own runtime.

mod answered;
mod app;
mod ask;
mod call;
mod check;
mod drive;
mod flow;
mod reply;

pub use answered::Answered;
pub use app::{TestApp, TestOptions};
pub use flow::{FlowProof, FlowReport};
pub use reply::Reply;
