//! The limits of a client's connection, by name.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use crate::http1::HeadLimits;
use crate::patience::Pace;

/// What a client may ask of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a request line.
    pub request_line_bytes_max: usize,
    /// Bytes of a request's head.
    pub head_bytes_max: usize,
    /// Headers of a request.
    pub headers_max: usize,
    /// Bytes of a request's body, unfolded if it is compressed, unless its route says otherwise.
    pub body_bytes_max: u64,
    /// Codings of compressed bodies that go on although what they unfold to cannot be counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codings_passed: Vec<String>,
    /// How long a head may take to arrive.
    #[serde(with = "human::required")]
    pub head_wait: Duration,
    /// How long a connection may be idle between two requests.
    #[serde(with = "human::required")]
    pub idle_wait: Duration,
    /// Bytes a second that a body must bring, and that a client must take of an answer.
    pub bytes_a_second_min: u32,
    /// For how long less than that is borne.
    #[serde(with = "human::required")]
    pub slow_wait: Duration,
    /// Bytes of a refused body that are read to keep the connection.
    pub drain_bytes_max: u64,
    /// Requests over one connection.
    pub requests_per_connection_max: u32,
    /// Connections at a time, on each worker.
    pub connections_max: usize,
    /// Streams at a time on an HTTP/2 connection.
    pub streams_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line_bytes_max: 8 * 1024,
            head_bytes_max: 32 * 1024,
            headers_max: 100,
            body_bytes_max: 16 * 1024 * 1024,
            codings_passed: Vec::new(),
            head_wait: Duration::from_secs(10),
            idle_wait: Duration::from_secs(75),
            bytes_a_second_min: 1024,
            slow_wait: Duration::from_secs(10),
            drain_bytes_max: 64 * 1024,
            requests_per_connection_max: 1_000_000,
            connections_max: 10_000,
            streams_max: 128,
        }
    }
}

/// The limits as a connection uses them.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionLimits {
    pub(crate) head: HeadLimits,
    pub(crate) head_wait: Duration,
    pub(crate) idle_wait: Duration,
    pub(crate) body_pace: Pace,
    pub(crate) write_pace: Pace,
    pub(crate) drain_bytes_max: u64,
    pub(crate) drain_wait: Duration,
    pub(crate) half_closed_wait: Duration,
    pub(crate) requests_max: u32,
    pub(crate) streams_max: u32,
}

impl ConnectionLimits {
    pub(crate) fn new(limits: &Limits) -> Self {
        let pace = Pace { grace: limits.slow_wait, rate: limits.bytes_a_second_min };
        Self {
            head: HeadLimits {
                line_bytes_max: limits.request_line_bytes_max,
                head_bytes_max: limits.head_bytes_max,
                headers_max: limits.headers_max,
            },
            head_wait: limits.head_wait,
            idle_wait: limits.idle_wait,
            body_pace: pace,
            write_pace: pace,
            drain_bytes_max: limits.drain_bytes_max,
            drain_wait: Duration::from_secs(2),
            half_closed_wait: Duration::from_secs(5),
            requests_max: limits.requests_per_connection_max,
            streams_max: limits.streams_max,
        }
    }
}
