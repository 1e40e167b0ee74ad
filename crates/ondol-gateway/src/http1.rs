//! HTTP/1.0 and 1.1, spoken strictly on both sides.
//!
//! Two programs that frame the same bytes differently are a door for smuggled requests. So there is
//! one way to frame here: what is not exactly that is refused with 400 and the connection closed.
//! Lines end in CRLF; a body has one length or is chunked, never both; nothing is folded, guessed or
//! repaired. What goes on to the upstream is written anew from what was understood, so no byte of
//! the client's own framing ever reaches it.

mod body;
mod client;
mod decode;
mod grammar;
mod head;
mod outgoing;
mod pump;
mod reader;
mod scan;
mod server;
mod tunnel;
mod write;

pub(crate) use body::{ClientBody, allowed_trailers};
pub(crate) use client::{
    ExchangeError, Exchanged, Outbound, Progress, UpstreamBody, UpstreamConnection, Waits,
};
pub(crate) use reader::Reader;
pub(crate) use scan::HeadLimits;
pub(crate) use server::{Served, serve};
pub(crate) use tunnel::Tunnel;
pub(crate) use write::Writer;

#[cfg(test)]
pub(crate) use decode::{Decoded, Decoder};
#[cfg(test)]
pub(crate) use head::{Framing, RequestHead, read_request, take_head};
#[cfg(test)]
pub(crate) use scan::{HeadError, Scan};
