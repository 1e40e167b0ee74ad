//! HTTP as services of the house speak it.
//!
//! - [`Problem`]: what a client is told when the answer is not the one hoped for.
//! - [`command`], [`Asked`]: a command in, what came of it out; [`commands`]: several as one.
//! - [`wait_after`], [`AsOfAsked`]: queries that see what one wrote, and the past.
//! - [`live`]: what happens to a thing, told as it happens.
//! - [`Json`]: bodies, read strictly.
//! - [`Idempotency`]: a request that is repeated under its key is answered once and for all.
//! - [`ConsistencyToken`], [`After`]: read what you wrote.
//! - [`IfMatch`], [`etag`]: change only what you have seen.
//! - [`PageAsked`], [`Page`]: long lists, a part at a time.
//! - [`Changes`], [`Answered`] and their kin: what routes say of themselves, said once.
//! - [`Health`]: alive, ready, and the numbers, on the admin port.
//! - [`serve`]: connections with limits, and a drain before the end.

mod answer;
mod command;
mod consistency;
mod described;
mod extract;
mod health;
mod idempotency;
mod json;
mod live;
mod page;
mod problem;
mod query;
mod requests;
mod server;
mod traced;
mod version;

pub use answer::{handle_problem, load_problem};
pub use command::{Accepted, Asked, BATCH_ITEMS_MAX, Done, Happened, command, commands};
pub use consistency::{AFTER, After, ConsistencyToken, POSITION};
pub use described::{Answered, Changes, Made, Makes, OrProblem, Waits, shared_description};
pub use extract::{Path, Query};
pub use health::{Health, Readiness};
pub use idempotency::{
    Idempotency, IdempotencyOptions, KeyedCommand, Principal, REPLAYED, keyed_once,
};
pub use json::{BODY_BYTES_MAX, DEPTH_MAX, Json, JsonFault, read as read_json};
pub use live::{LISTENERS_MAX, Live, LiveAsked, live};
pub use page::{PAGE_ITEMS_MAX, PAGE_ITEMS_USUAL, Page, PageAsked};
pub use problem::{Problem, ProblemBody};
pub use query::{AsOfAsked, ask_problem, wait_after};
pub use requests::{BOUNDS_MS, REQUEST_SECONDS, Requests, SERIES_MAX};
pub use server::{Peer, ServerOptions, serve};
pub use traced::traced;
pub use version::{IfMatch, etag};
