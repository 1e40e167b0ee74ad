//! A connection to an upstream: one request, one answer, then back to the pool.
//!
//! No task of its own: whoever asks drives it, so that a request costs no wake-up of another task.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body::Frame;
use ondol_doors::Clock;
use tokio_util::sync::CancellationToken;

use super::body::allowed_trailers;
use super::decode::{Decoded, Decoder};
use super::head::{Framing, ResponseHead, Version, read_response, take_head};
use super::outgoing::{Outgoing, is_bodiless, write_request};
use super::pump::{Pump, PumpError};
use super::reader::Reader;
use super::scan::{HeadError, HeadLimits, Scan};
use super::tunnel::Tunnel;
use super::write::Writer;
use crate::body::{Body, BodyError};
use crate::handle::Ask;
use crate::patience::Patience;
use crate::pool::Home;
use crate::spare;
use crate::wire::Wire;

const RESPONSE_LIMITS: HeadLimits =
    HeadLimits { line_bytes_max: 8 * 1024, head_bytes_max: 64 * 1024, headers_max: 256 };
/// Interim answers (1xx) before the one that counts.
const INTERIM_MAX: u32 = 8;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ExchangeError {
    #[error("the connection failed before an answer came")]
    Io(#[source] io::Error),
    #[error("the upstream closed the connection without an answer")]
    Closed,
    #[error("the upstream did not answer in time")]
    TimedOut,
    #[error("the upstream's answer cannot be understood")]
    Malformed(#[source] HeadError),
    #[error("the upstream changed the protocol without being asked to")]
    Unasked,
    #[error("the request's body failed")]
    Body(#[source] BodyError),
}

/// How long an exchange may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    /// Until the answer's head.
    pub(crate) answer: Duration,
    /// Between two pieces of its body.
    pub(crate) idle: Duration,
    /// Of a tunnel, without a byte.
    pub(crate) tunnel_idle: Duration,
}

/// An open connection to an upstream, ready for a request. It is handed on often, and so is small.
pub(crate) struct UpstreamConnection(Box<Open>);

struct Open {
    reader: Reader,
    writer: Writer,
    patience: Patience,
    idle_since: Duration,
}

/// An answer, or why there is none and whether a byte of the request had left.
pub(crate) type Exchanged = Result<Response<Body>, (ExchangeError, Progress)>;

/// How far a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Nothing,
    Something,
}

/// A request to be carried over a connection.
pub(crate) struct Outbound<'a> {
    pub(crate) ask: &'a Ask,
    pub(crate) target: &'a str,
    pub(crate) body: Body,
    pub(crate) upgrade: bool,
    pub(crate) waits: Waits,
    pub(crate) cut: &'a CancellationToken,
}

impl UpstreamConnection {
    pub(crate) fn new(wire: Wire, clock: Arc<dyn Clock>) -> Self {
        let (read, write) = wire.split();
        let (reader, writer) = (Reader::new(read), Writer::new(write));
        let patience = Patience::new(clock);
        Self(Box::new(Open { reader, writer, patience, idle_since: Duration::ZERO }))
    }

    /// When it was put aside.
    pub(crate) fn idle_since(&self) -> Duration {
        self.0.idle_since
    }

    /// It is put aside now.
    pub(crate) fn rest(&mut self, now: Duration) {
        self.0.idle_since = now;
    }

    /// Whether it can be used again: it is open, and nothing has come that nobody asked for.
    pub(crate) fn is_fit(&self) -> bool {
        self.0.reader.is_quiet() && self.0.writer.is_empty()
    }

    /// Sends a request and waits for the answer's head.
    pub(crate) async fn exchange(mut self, outbound: Outbound<'_>, home: Home) -> Exchanged {
        let Outbound { ask, target, body, upgrade, waits, cut } = outbound;
        let framing = body.length().map_or(Outgoing::Chunked, Outgoing::Length);
        write_request(&mut self.0.writer, ask, target, framing, upgrade);
        let mut pump = Pump::new(body, framing);
        self.0.patience.wait(waits.answer);
        let mut headers = spare::take();
        let head = match self.await_head(&mut pump, upgrade, &mut headers).await {
            Ok(head) => head,
            Err(failed) => return Err(failed),
        };
        self.0.patience.rest();
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            let Open { reader, writer, .. } = *self.0;
            let idle = waits.tunnel_idle;
            let tunnel = Tunnel { reader, writer, idle, cut: cut.clone() };
            return Ok(answer(head.status, headers, Body::tunnel(tunnel)));
        }
        Ok(self.open(&ask.method, &head, headers, pump, waits, home))
    }

    async fn await_head(
        &mut self,
        pump: &mut Pump,
        upgrade: bool,
        headers: &mut HeaderMap,
    ) -> Result<ResponseHead, (ExchangeError, Progress)> {
        let mut sent = 0;
        let Open { reader, writer, patience, .. } = &mut *self.0;
        let mut scan = Scan::default();
        let mut pumping = true;
        let mut interim = 0;
        let outcome = poll_fn(|cx| {
            loop {
                if pumping {
                    match pump.poll(cx, writer, &mut sent) {
                        Poll::Ready(Err(PumpError::Body(error))) => {
                            return Poll::Ready(Err(ExchangeError::Body(error)));
                        }
                        Poll::Ready(Err(PumpError::Length)) => {
                            return Poll::Ready(Err(ExchangeError::Body(BodyError::Cut)));
                        }
                        Poll::Ready(Err(PumpError::Io(error))) if sent == 0 => {
                            return Poll::Ready(Err(ExchangeError::Io(error)));
                        }
                        // An upstream may refuse a body and close: its answer may still be there.
                        Poll::Ready(Ok(()) | Err(PumpError::Io(_))) => pumping = false,
                        Poll::Pending => {}
                    }
                }
                match reader.poll_fill(cx) {
                    Poll::Ready(Ok(true)) => {}
                    Poll::Ready(Ok(false)) => return Poll::Ready(Err(ExchangeError::Closed)),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(ExchangeError::Io(error))),
                    Poll::Pending => {
                        return patience.poll_over(cx).map(|()| Err(ExchangeError::TimedOut));
                    }
                }
                while let Some(head) = take_head(&mut reader.buffer, &mut scan, &RESPONSE_LIMITS)
                    .map_err(ExchangeError::Malformed)?
                {
                    let head = read_response(&head, headers).map_err(ExchangeError::Malformed)?;
                    if head.status == StatusCode::SWITCHING_PROTOCOLS && !upgrade {
                        return Poll::Ready(Err(ExchangeError::Unasked));
                    }
                    if head.status == StatusCode::SWITCHING_PROTOCOLS
                        || !head.status.is_informational()
                    {
                        return Poll::Ready(Ok(head));
                    }
                    headers.clear();
                    interim += 1;
                    if interim > INTERIM_MAX {
                        return Poll::Ready(Err(ExchangeError::Malformed(HeadError::StatusLine)));
                    }
                }
            }
        })
        .await;
        outcome.map_err(|error| {
            (error, if sent == 0 { Progress::Nothing } else { Progress::Something })
        })
    }

    /// The answer whose head has come, with its body whole if it came along.
    fn open(
        mut self,
        method: &Method,
        head: &ResponseHead,
        headers: HeaderMap,
        pump: Pump,
        waits: Waits,
        home: Home,
    ) -> Response<Body> {
        let framing = frame(method, head);
        let keep = framing != Framing::UntilClose && keeps_alive(head, &headers);
        let decoder = Decoder::new(framing);
        let status = head.status;
        let sent = pump.is_taken() && self.0.writer.is_empty();
        if sent && decoder.is_done() {
            self.go_home(keep, home);
            return answer(status, headers, Body::empty());
        }
        if let Framing::Length(length) = framing
            && sent
            && usize::try_from(length).is_ok_and(|length| length <= self.0.reader.buffer.len())
        {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let whole = self.0.reader.buffer.split_to(length).freeze();
            self.go_home(keep, home);
            return answer(status, headers, Body::full(whole));
        }
        let pump = (!sent).then_some(pump);
        let connection = Some((self, home));
        let body = UpstreamBody { connection, decoder, pump, keep, idle: waits.idle };
        answer(status, headers, Body::upstream(body))
    }

    fn go_home(self, keep: bool, home: Home) {
        if keep && self.0.reader.buffer.is_empty() {
            home.keep(self);
        }
    }
}

fn answer(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn frame(method: &Method, head: &ResponseHead) -> Framing {
    if *method == Method::HEAD || is_bodiless(head.status) {
        return Framing::Length(0);
    }
    match (head.chunked, head.length) {
        (true, _) if head.version == Version::Eleven => Framing::Chunked,
        (_, Some(length)) => Framing::Length(length),
        _ => Framing::UntilClose,
    }
}

fn keeps_alive(head: &ResponseHead, headers: &HeaderMap) -> bool {
    let options = headers.get_all(CONNECTION).iter().any(|value| {
        let mut options = value.as_bytes().split(|byte| *byte == b',');
        options.any(|option| super::grammar::trim(option).eq_ignore_ascii_case(b"close"))
    });
    head.version == Version::Eleven && !options
}

/// An answer's body, read from the upstream when the client has room for it.
pub(crate) struct UpstreamBody {
    connection: Option<(UpstreamConnection, Home)>,
    decoder: Decoder,
    /// The request's body, if the upstream answered before it had all of it.
    pump: Option<Pump>,
    keep: bool,
    idle: Duration,
}

impl UpstreamBody {
    pub(crate) const fn is_over(&self) -> bool {
        self.decoder.is_done()
    }

    pub(crate) const fn remaining(&self) -> Option<u64> {
        self.decoder.remaining()
    }

    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some((connection, _)) = &mut self.connection else { return Poll::Ready(None) };
        let connection = &mut *connection.0;
        if let Some(pump) = &mut self.pump
            && let Poll::Ready(pumped) = pump.poll(cx, &mut connection.writer, &mut 0)
        {
            self.keep &= pumped.is_ok();
            self.pump = None;
        }
        loop {
            match self.decoder.decode(&mut connection.reader.buffer) {
                Err(error) => {
                    return Poll::Ready(Some(Err(BodyError::Malformed(error.into()))));
                }
                Ok(Decoded::Data(data)) => {
                    connection.patience.rest();
                    if self.decoder.is_done() {
                        self.finish();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Ok(Decoded::Trailers(trailers)) => {
                    self.finish();
                    let trailers = allowed_trailers(trailers);
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                Ok(Decoded::End) => {
                    self.finish();
                    return Poll::Ready(None);
                }
                Ok(Decoded::Starved) => {}
            }
            match connection.reader.poll_fill(cx) {
                Poll::Ready(Ok(true)) => connection.patience.rest(),
                Poll::Ready(Ok(false)) => {
                    let whole = matches!(self.decoder, Decoder::UntilClose);
                    self.connection = None;
                    return Poll::Ready((!whole).then_some(Err(BodyError::Cut)));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(BodyError::Io(error)))),
                Poll::Pending => {
                    if !connection.patience.is_waiting() {
                        connection.patience.wait(self.idle);
                    }
                    let over = connection.patience.poll_over(cx);
                    return over.map(|()| Some(Err(BodyError::TooSlow)));
                }
            }
        }
    }

    fn finish(&mut self) {
        if let Some((connection, home)) = self.connection.take() {
            connection.go_home(self.keep && self.pump.is_none(), home);
        }
    }
}
