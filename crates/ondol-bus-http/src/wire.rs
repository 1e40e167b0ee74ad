//! What goes over the wire, in both directions.

mod call;
mod failure;
mod feed;

pub(crate) use call::{Answered, AskedCall};
pub(crate) use failure::{Problem, call_failure, call_problem, feed_error, feed_problem};
pub(crate) use feed::{BATCH, EPOCH, HEAD, SEEN, batch, cloud_event, page, types};

/// The path of a service's feed, and of what is asked of it.
pub(crate) fn path(service: &str, what: &str) -> String {
    format!("/bus/{service}/{what}")
}
