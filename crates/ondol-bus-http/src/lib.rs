//! Feeds and calls between processes, over HTTP and nothing else.
//!
//! - `GET /bus/{service}/feed?after=…&types=…&limit=…&wait_ms=…` reads a feed: a batch of
//!   CloudEvents 1.0, each with the attribute `previous`, and where the log ends in the headers.
//!   It waits for something to be published as long as it is asked to. With
//!   `Accept: text/event-stream` it goes on for ever, and begins after `Last-Event-ID`.
//! - `POST /bus/{service}/calls` and `/bus/{service}/voids` ask a service something.
//!
//! Whoever asks shows a [`Token`]: which service it is, until when, signed with a secret that all
//! services of a house share. Each service says who may read its feed and who may ask it.

mod client;
mod server;
mod token;
mod wire;

pub use client::{RemoteOptions, RemoteService};
pub use server::{Guarded, Guest, ServeOptions, router};
pub use token::{SECRET_BYTES_MIN, Secret, SecretError, Token, TokenError};
