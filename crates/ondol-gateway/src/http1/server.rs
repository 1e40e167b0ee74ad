//! A client's connection: request after request, each answered before the next is looked at.

mod ending;
mod incoming;
mod wishes;

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONNECTION;
use ondol_doors::Clock;
use tokio::sync::oneshot;
use tokio_util::sync::WaitForCancellationFutureOwned;

use self::incoming::Incoming;
use self::wishes::read_wishes;
use super::body::ClientBody;
use super::decode::Decoder;
use super::head::{Framing, RequestHead, Version, read_request, take_head};
use super::outgoing::{Asked, write_head};
use super::pump::{Pump, PumpError};
use super::reader::Reader;
use super::scan::Scan;
use super::tunnel::carry;
use super::write::Writer;
use crate::body::{Body, wide};
use crate::handle::{Answer, Arrived, Handler, Peer, Sent};
use crate::limits::ConnectionLimits;
use crate::patience::{Pacer, Patience};
use crate::problem::Problem;
use crate::spare;
use crate::stay::Stay;
use crate::wire::Wire;

/// How HTTP/2 begins, when nobody has agreed on it before.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A client that sends more than this ahead of its answer is not read from.
const AHEAD_BYTES_MAX: usize = 64 * 1024;
/// How long the rest of a refused request is read, so that the refusal arrives.
const LINGER: Duration = Duration::from_secs(1);

/// How a connection ended.
pub(crate) enum Served {
    /// It is closed, or about to be.
    Closed,
    /// It speaks HTTP/2.
    Http2(Reader, Writer),
}

/// Serves a connection until it ends.
pub(crate) async fn serve<H: Handler>(
    wire: Wire,
    peer: Arc<Peer>,
    handler: &H,
    limits: &ConnectionLimits,
    clock: &Arc<dyn Clock>,
    stay: Stay,
) -> Served {
    let (read, write) = wire.split();
    let mut session = Session {
        handler,
        limits,
        peer,
        incoming: Incoming { reader: Some(Reader::new(read)), away: None, leftover: None },
        writer: Writer::new(write),
        patience: Patience::new(Arc::clone(clock)),
        pacer: Pacer::new(limits.write_pace, Arc::clone(clock)),
        stopping: Box::pin(stay.over.clone().cancelled_owned()),
        heard: false,
        stay,
        answered: 0,
    };
    loop {
        match session.turn().await {
            Turn::Again => {}
            Turn::Linger => {
                session.linger().await;
                return Served::Closed;
            }
            Turn::Over => return Served::Closed,
            Turn::Http2 => {
                return match session.incoming.reader {
                    Some(reader) => Served::Http2(reader, session.writer),
                    None => Served::Closed,
                };
            }
        }
    }
}

/// What comes after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Again,
    Linger,
    Over,
    Http2,
}

/// What the reading direction is doing.
enum Next {
    Head(Bytes),
    Http2,
    Closed,
    Refused(Problem),
}

struct Session<'a, H> {
    handler: &'a H,
    limits: &'a ConnectionLimits,
    peer: Arc<Peer>,
    incoming: Incoming,
    writer: Writer,
    patience: Patience,
    pacer: Pacer,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Whether `stopping` knows whom to wake.
    heard: bool,
    stay: Stay,
    answered: u32,
}

impl<H: Handler> Session<'_, H> {
    async fn turn(&mut self) -> Turn {
        let head = match self.next_head().await {
            Next::Head(head) => head,
            Next::Http2 => return Turn::Http2,
            Next::Closed => return Turn::Over,
            Next::Refused(problem) => return Box::pin(self.refuse(problem)).await,
        };
        let mut headers = spare::take();
        match read_request(&head, &mut headers) {
            Ok(head) => self.answer_request(head, headers).await,
            Err(error) => Box::pin(self.refuse(Problem::of_head(error))).await,
        }
    }

    async fn next_head(&mut self) -> Next {
        let Some(reader) = &mut self.incoming.reader else { return Next::Closed };
        let limits = self.limits;
        let patience = &mut self.patience;
        let (stopping, heard) = (&mut self.stopping, &mut self.heard);
        let stay = &self.stay;
        let first = self.answered == 0;
        let mut scan = Scan::default();
        let mut begun = false;
        let mut looked = false;
        let now = patience.clock().running();
        patience.wait_from(now, if first { limits.head_wait } else { limits.idle_wait });
        poll_fn(|cx| {
            loop {
                if first && reader.buffer.starts_with(PREFACE) {
                    return Poll::Ready(Next::Http2);
                }
                let preface = first && is_preface_begin(&reader.buffer);
                if !reader.buffer.is_empty() && !preface {
                    match take_head(&mut reader.buffer, &mut scan, &limits.head) {
                        Ok(Some(head)) => {
                            stay.busy();
                            return Poll::Ready(Next::Head(head));
                        }
                        Ok(None) => {}
                        Err(error) => return Poll::Ready(Next::Refused(Problem::of_head(error))),
                    }
                    if !begun {
                        begun = true;
                        stay.busy();
                        patience.wait(limits.head_wait);
                    }
                }
                match reader.poll_fill(cx) {
                    Poll::Ready(Ok(true)) => {}
                    Poll::Ready(Ok(false) | Err(_)) => return Poll::Ready(Next::Closed),
                    Poll::Pending => {
                        if !begun {
                            // It wakes us when it must, as long as it has been asked once. Who wakes
                            // for nothing else may have been woken by it.
                            if (!*heard || looked || stay.over.is_cancelled())
                                && stopping.as_mut().poll(cx).is_ready()
                            {
                                return Poll::Ready(Next::Closed);
                            }
                            (*heard, looked) = (true, true);
                            if stay.idle_since().is_none() {
                                stay.idle(now);
                            }
                        }
                        return patience.poll_over(cx).map(|()| match begun {
                            true => Next::Refused(Problem::HeadTooSlow),
                            false => Next::Closed,
                        });
                    }
                }
            }
        })
        .await
    }

    async fn answer_request(&mut self, head: RequestHead, headers: HeaderMap) -> Turn {
        let (close, continues) = match read_wishes(&head, &headers) {
            Ok(wishes) => wishes,
            Err(problem) => return Box::pin(self.refuse(problem)).await,
        };
        self.answered = self.answered.saturating_add(1);
        let close = close || self.answered >= self.limits.requests_max;
        let asked = Asked::by(&head.method, head.version, close);
        let (body, mut go_on) = self.open_body(head.framing, continues);
        let arrived = Arrived {
            method: head.method,
            target: head.target,
            authority: None,
            headers,
            body,
            peer: Arc::clone(&self.peer),
            minor: u8::from(head.version == Version::Eleven),
        };
        let handled = {
            let incoming = &mut self.incoming;
            let writer = &mut self.writer;
            let mut handling = std::pin::pin!(self.handler.handle(arrived));
            poll_fn(|cx| {
                if let Poll::Ready(answer) = handling.as_mut().poll(cx) {
                    return Poll::Ready(Some(answer));
                }
                if let Some(wanted) = &mut go_on
                    && let Poll::Ready(wanted) = Pin::new(wanted).poll(cx)
                {
                    go_on = None;
                    if wanted.is_ok() {
                        writer.buffer.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                    }
                }
                while !writer.is_empty() {
                    match writer.poll_send(cx) {
                        Poll::Ready(Ok(_)) => {}
                        Poll::Ready(Err(_)) => return Poll::Ready(None),
                        Poll::Pending => break,
                    }
                }
                incoming.poll_gone(cx).map(|_error| None)
            })
            .await
        };
        let Some(answer) = handled else { return Turn::Over };
        // A client that was never told to go on may or may not send its body: nobody can tell.
        let untold = go_on.is_some();
        self.send(answer, Asked { close: asked.close || untold, ..asked }).await
    }

    /// The request's body, and where the wish to have it is heard.
    fn open_body(
        &mut self,
        framing: Framing,
        continues: bool,
    ) -> (Body, Option<oneshot::Receiver<()>>) {
        let Some(mut reader) = self.incoming.reader.take() else { return (Body::empty(), None) };
        if let Framing::Length(length) = framing
            && length <= wide(reader.buffer.len())
        {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let body = if length == 0 {
                Body::empty()
            } else {
                Body::full(reader.buffer.split_to(length).freeze())
            };
            self.incoming.reader = Some(reader);
            return (body, None);
        }
        let begun = !reader.buffer.is_empty();
        let (home, away) = oneshot::channel();
        let pacer = Pacer::new(self.limits.body_pace, Arc::clone(self.patience.clock()));
        let body = ClientBody::new(reader, Decoder::new(framing), home, pacer);
        self.incoming.away = Some(away);
        if continues && !begun {
            let (go_on, wanted) = oneshot::channel();
            return (Body::client(body.ask_first(go_on)), Some(wanted));
        }
        (Body::client(body), None)
    }

    async fn send(&mut self, answer: Answer<H::Record>, mut asked: Asked) -> Turn {
        let Answer { response, record } = answer;
        asked.close |= response.headers().contains_key(CONNECTION) || self.cannot_go_on().await;
        let (status, tunnel) = (response.status(), response.status() == 101);
        let framing = write_head(&mut self.writer, &response, asked);
        let (parts, body) = response.into_parts();
        // What was said in them belongs to the upstream's buffer, which can now be used again.
        spare::give(parts.headers);
        if tunnel {
            return Box::pin(self.tunnel(body, record)).await;
        }
        let mut pump = Pump::new(body, framing);
        let outcome = self.pump(&mut pump).await;
        let complete = outcome.is_ok();
        self.handler.finished(record, Sent { status, bytes: pump.bytes, complete });
        match outcome {
            Err(_) => Turn::Over,
            Ok(()) if asked.close => Turn::Linger,
            Ok(()) => self.settle().await,
        }
    }

    /// Whether too much of the request's body is left for the connection to be used again.
    async fn cannot_go_on(&mut self) -> bool {
        let incoming = &mut self.incoming;
        poll_fn(|cx| Poll::Ready(incoming.poll_return(cx).is_pending())).await;
        let leftover = self.incoming.leftover.as_ref();
        leftover.is_some_and(|decoder| {
            decoder.remaining().is_none_or(|remaining| remaining > self.limits.drain_bytes_max)
        })
    }

    async fn pump(&mut self, pump: &mut Pump) -> Result<(), PumpError> {
        let Self { writer, pacer, incoming, patience, limits, .. } = self;
        let mut leaving = false;
        poll_fn(|cx| {
            let mut sent = 0;
            let pumped = pump.poll(cx, writer, &mut sent);
            if sent > 0 {
                pacer.progress(sent);
            }
            if let Poll::Ready(pumped) = pumped {
                return Poll::Ready(pumped);
            }
            if !writer.is_empty() && pacer.poll_too_slow(cx).is_ready() {
                return Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut).into()));
            }
            if let Poll::Ready(error) = incoming.poll_gone(cx) {
                return Poll::Ready(Err(error.into()));
            }
            // Who says its last in the middle of an endless answer has left, most likely.
            if incoming.has_ended() {
                if !leaving || sent > 0 {
                    leaving = true;
                    patience.wait(limits.half_closed_wait);
                }
                return patience
                    .poll_over(cx)
                    .map(|()| Err(io::Error::from(io::ErrorKind::BrokenPipe).into()));
            }
            Poll::Pending
        })
        .await
    }

    async fn tunnel(&mut self, body: Body, record: H::Record) -> Turn {
        let status = http::StatusCode::SWITCHING_PROTOCOLS;
        let mut bytes = 0;
        if let (Ok(mut tunnel), Some(reader)) = (body.into_tunnel(), &mut self.incoming.reader) {
            let Self { writer, patience, pacer, .. } = self;
            let carried = carry(reader, writer, &mut tunnel, patience, pacer).await;
            bytes = carried.map_or(0, |carried| carried.down);
        }
        self.handler.finished(record, Sent { status, bytes, complete: true });
        Turn::Over
    }

    async fn refuse(&mut self, problem: Problem) -> Turn {
        let answer = self.handler.refuse(&self.peer, problem);
        let asked = Asked { head_only: false, version: Version::Eleven, close: true };
        self.send(answer, asked).await
    }
}

fn is_preface_begin(bytes: &[u8]) -> bool {
    bytes.len() >= 3 && PREFACE.starts_with(&bytes[..bytes.len().min(PREFACE.len())])
}
