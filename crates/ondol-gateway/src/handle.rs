//! What a connection hands over, and what it gets back: the seam between protocol and purpose.
//!
//! The same for HTTP/1 and HTTP/2, for the gateway's own port and for its administration.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::body::Body;
use crate::problem::Problem;
use crate::tls::Shown;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Where it comes from; what a trusted proxy said in its PROXY header, if there is one.
    pub(crate) address: SocketAddr,
    /// Its address as `X-Forwarded-For` has it.
    pub(crate) forwarded_for: HeaderValue,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
    /// Its verified certificate, if it showed one.
    pub(crate) certificate: Option<Shown>,
    /// Whose turn it is on this thread: which shard of a pool to use.
    pub(crate) worker: usize,
}

impl Peer {
    /// Someone at this address.
    pub(crate) fn at(address: SocketAddr, worker: usize) -> Self {
        let text = address.ip().to_canonical().to_string();
        let forwarded_for =
            HeaderValue::from_str(&text).expect("an address is written in plain letters");
        Self { address, forwarded_for, secure: false, certificate: None, worker }
    }
}

/// A request as it arrived, its framing understood and nothing else.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) method: Method,
    /// `/path?query`, or with scheme and authority before it.
    pub(crate) target: Bytes,
    /// `:authority`, where the protocol has it.
    pub(crate) authority: Option<Bytes>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) peer: Arc<Peer>,
    /// HTTP/1.x; 2 for HTTP/2.
    pub(crate) minor: u8,
}

/// What is asked for, apart from where it is: it goes through the gateway as it is, and so is small.
#[derive(Debug, Default)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
}

/// An answer, and what is to be noted when it has gone out.
pub(crate) struct Answer<R> {
    pub(crate) response: Response<Body>,
    pub(crate) record: R,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) status: StatusCode,
    /// Bytes of its body.
    pub(crate) bytes: u64,
    /// Whether the client got all of it.
    pub(crate) complete: bool,
}

/// Answers requests.
pub(crate) trait Handler: Send + Sync + 'static {
    /// What is noted of a request.
    type Record: Send + 'static;

    /// Answers a request.
    fn handle(&self, arrived: Arrived) -> impl Future<Output = Answer<Self::Record>> + Send;

    /// Answers what never became a request.
    fn refuse(&self, peer: &Arc<Peer>, problem: Problem) -> Answer<Self::Record>;

    /// Notes that an answer has gone out.
    fn finished(&self, record: Self::Record, sent: Sent);
}
