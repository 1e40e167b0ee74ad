//! A service that runs in another process.

mod connection;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use ondol_bus::{About, CallFailure, Calls, Feed, FeedError, FeedPage, ReadFeed, Reply};
use ondol_domain::Call;
use ondol_doors::Clock;
use serde::{Deserialize, Serialize};

use crate::Secret;
use crate::wire::{self, Answered, AskedCall, Problem};
use connection::{Connection, Received, SendError};

/// What is said by somebody who is not of the house.
const UNKNOWN: &str = "";

/// How another process is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteOptions {
    /// How long an answer to a call may take.
    pub call_longest: Duration,
    /// How long the page of a feed may take, beyond what it is asked to wait.
    pub page_longest: Duration,
    /// How long it may take to connect.
    pub connect_longest: Duration,
    /// How many bytes an answer may have.
    pub answer_bytes_max: usize,
    /// How many connections are kept open while there is nothing to say.
    pub idle_connections_max: usize,
}

impl Default for RemoteOptions {
    fn default() -> Self {
        Self {
            call_longest: Duration::from_secs(10),
            page_longest: Duration::from_secs(10),
            connect_longest: Duration::from_secs(2),
            answer_bytes_max: 64 << 20,
            idle_connections_max: 256,
        }
    }
}

/// A service that runs in another process: its feed, and its answers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RemoteService {
    service: Arc<str>,
    connection: Arc<Connection>,
    options: RemoteOptions,
}

impl RemoteService {
    /// A service at an address (`http://127.0.0.1:8080`), asked by another one that can sign.
    pub fn new(
        service: &str,
        url: &str,
        asking: (&str, Secret),
        clock: Arc<dyn Clock>,
        options: RemoteOptions,
    ) -> Self {
        let connection = Connection::new(url, asking, clock, &options);
        Self { service: service.into(), connection: Arc::new(connection), options }
    }

    async fn send(&self, call: &Call, about: &About, what: &str) -> Result<Reply, CallFailure> {
        let service = || self.service.to_string();
        let unreachable = |source| CallFailure::Unreachable { service: service(), source };
        let asked = AskedCall::of(call, about).and_then(|asked| serde_json::to_vec(&asked));
        let body = asked
            .map_err(|error| CallFailure::Invalid { service: service(), source: error.into() })?;
        let (path, waited) = (wire::path(&self.service, what), self.options.call_longest);
        let sent = self.connection.send(Method::POST, &path, body, waited).await;
        let Received { status, body, .. } = match sent {
            Ok(received) => received,
            Err(SendError::TimedOut) => {
                return Err(CallFailure::TimedOut { service: service(), waited });
            }
            Err(error) => return Err(unreachable(error.into())),
        };
        if status != StatusCode::OK {
            return Err(wire::call_failure(&self.service, problem(status, &body)));
        }
        let answered: Result<Answered, _> = serde_json::from_slice(&body);
        answered.map(Answered::reply).map_err(|error| unreachable(error.into()))
    }
}

#[async_trait]
impl Calls for RemoteService {
    async fn ask(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.send(call, about, "calls").await
    }

    async fn void(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.send(call, about, "voids").await
    }
}

#[async_trait]
impl Feed for RemoteService {
    async fn read(&self, read: ReadFeed) -> Result<FeedPage, FeedError> {
        let service = || self.service.to_string();
        let path = format!(
            "{}?after={}&limit={}&wait_ms={}&types={}",
            wire::path(&self.service, "feed"),
            read.after,
            read.limit,
            read.wait.as_millis(),
            wire::types(&read.types),
        );
        let longest = read.wait.saturating_add(self.options.page_longest);
        let sent = self.connection.send(Method::GET, &path, Vec::new(), longest).await;
        let Received { status, headers, body } = sent
            .map_err(|error| FeedError::Unreachable { service: service(), source: error.into() })?;
        if status != StatusCode::OK {
            return Err(wire::feed_error(&self.service, problem(status, &body)));
        }
        wire::page(&headers, &body)
            .map_err(|source| FeedError::Unreadable { service: service(), source })
    }
}

/// What the other side says is wrong; or somebody between the two.
fn problem(status: StatusCode, body: &[u8]) -> Problem {
    let detail = || format!("it answers {status}");
    serde_json::from_slice(body)
        .unwrap_or_else(|_no_problem| Problem::new(status, UNKNOWN, &detail()))
}
