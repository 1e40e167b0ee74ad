//! HTTP/2: what goes through, and what is stopped.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinSet;

use super::rig::{PATIENCE, Rig, Upstream, text};

type Sender = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

async fn connect(rig: &Rig, tasks: &mut JoinSet<()>) -> Sender {
    let stream = tokio::net::TcpStream::connect(rig.address).await.expect("a connection");
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("a handshake");
    tasks.spawn(async move { drop(connection.await) });
    sender
}

fn request(path: &str, body: &'static str) -> Request<Full<Bytes>> {
    let uri = format!("http://bank.test{path}");
    Request::post(uri).header("te", "trailers").body(Full::from(body)).expect("a request")
}

#[tokio::test]
async fn many_streams_share_a_connection_and_become_separate_requests() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let mut tasks = JoinSet::new();
    let sender = connect(&rig, &mut tasks).await;
    let mut answers = JoinSet::new();
    for number in 0..100 {
        let mut sender = sender.clone();
        answers.spawn(async move {
            let response = sender.send_request(request(&format!("/{number}"), "hello")).await;
            let response = response.expect("an answer");
            assert_eq!(response.status(), 200);
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            assert_eq!(text(&body), format!("POST /{number} HTTP/1.1"));
        });
    }
    while let Some(answered) = answers.join_next().await {
        answered.expect("an answer");
    }
    let received = upstream.received();
    assert_eq!(received.len(), 100);
    assert!(
        received.iter().all(|one| one.body == b"hello" && one.header("host") == Some("bank.test"))
    );
}

/// Answers with the request's body and a trailer, as gRPC does.
async fn echo(
    request: Request<Incoming>,
) -> Result<Response<impl hyper::body::Body<Data = Bytes, Error = Infallible>>, Infallible> {
    let wants = request.headers().get("te").cloned();
    let body = request.into_body().collect().await.expect("a body").to_bytes();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    trailers.insert("wanted", wants.unwrap_or_else(|| HeaderValue::from_static("nothing")));
    let body = Full::new(body).with_trailers(std::future::ready(Some(Ok(trailers))));
    let response = Response::builder().header("content-type", "application/grpc");
    Ok(response.body(body).expect("a response"))
}

#[tokio::test]
async fn http2_to_http2_keeps_trailers_as_grpc_needs_them() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service_fn(echo));
            connections.spawn(async move { drop(connection.await) });
        }
    });
    let rig = Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://{at}\"]\nhttp2 = true\n[routes.all]\nto = \"one\"\n"
    ));
    let mut sender = connect(&rig, &mut tasks).await;
    let response = sender.send_request(request("/bank.Accounts/Open", "message")).await;
    let collected = response.expect("an answer").into_body().collect().await.expect("a body");
    let trailers = collected.trailers().expect("trailers").clone();
    assert_eq!(trailers["grpc-status"], "0");
    assert_eq!(trailers["wanted"], "trailers");
    assert_eq!(text(&collected.to_bytes()), "message");
}

#[tokio::test]
async fn many_requests_at_once_to_a_new_backend_share_few_connections() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let opened = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    let counted = Arc::clone(&opened);
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service_fn(echo));
            connections.spawn(async move { drop(connection.await) });
        }
    });
    let rig = Rig::start(&format!(
        "[limits]\nstreams_max = 256\n[backends.one]\nendpoints = [\"http://{at}\"]\nhttp2 = true\n[routes.all]\nto = \"one\"\n"
    ));
    let sender = connect(&rig, &mut tasks).await;
    let mut answers = JoinSet::new();
    for _ in 0..100 {
        let mut sender = sender.clone();
        answers.spawn(async move {
            sender.send_request(request("/a", "hello")).await.expect("an answer").status()
        });
    }
    while let Some(status) = answers.join_next().await {
        assert_eq!(status.expect("an answer"), 200);
    }
    let opened = opened.load(Ordering::Relaxed);
    assert!((1..=4).contains(&opened), "{opened} connections");
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a small frame").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// `POST /` to `bank.test`, and more fields as HPACK literals.
fn fields(more: &[(&str, &str)]) -> Vec<u8> {
    fields_at("/", more)
}

/// The same with another path.
fn fields_at(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    let mut literal = |start: &[u8], value: &str| {
        block.extend(start);
        block.push(u8::try_from(value.len()).expect("a short value"));
        block.extend(value.bytes());
    };
    // Never indexed, so that what follows may count on the table.
    literal(&[0x14], path);
    literal(&[0x41], "bank.test");
    for (name, value) in more {
        let mut start = vec![0, u8::try_from(name.len()).expect("a short name")];
        start.extend(name.bytes());
        literal(&start, value);
    }
    block
}

/// Sends frames after a good beginning, and gathers what comes back: kinds of frames with their codes.
fn attack(rig: &Rig, frames: &[u8]) -> Vec<(u8, u32)> {
    let mut stream = TcpStream::connect(rig.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut bytes = PREFACE.to_vec();
    bytes.extend(frame(4, 0, 0, &[]));
    bytes.extend(frames);
    // The gateway may hang up before it has read everything.
    drop(stream.write_all(&bytes));
    let mut answer = Vec::new();
    let mut more = [0; 16 * 1024];
    loop {
        let seen = kinds(&answer);
        if seen.iter().any(|(kind, _)| matches!(kind, 3 | 7)) {
            return seen;
        }
        match stream.read(&mut more) {
            Ok(0) | Err(_) => return seen,
            Ok(read) => answer.extend_from_slice(&more[..read]),
        }
    }
}

fn kinds(bytes: &[u8]) -> Vec<(u8, u32)> {
    let mut rest = bytes;
    let mut kinds = Vec::new();
    while let Some((head, after)) = rest.split_at_checked(9) {
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        let Some((payload, next)) = after.split_at_checked(length) else { break };
        let code = match head[3] {
            3 => payload,
            7 => &payload[4..8],
            _ => &[0; 4],
        };
        kinds.push((head[3], u32::from_be_bytes(code.try_into().expect("four bytes"))));
        rest = next;
    }
    kinds
}

const PROTOCOL_ERROR: u32 = 1;
const CALM: u32 = 11;

#[test]
fn malformed_requests_are_reset_and_never_passed_on() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let cases: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("R1 transfer-encoding", vec![("transfer-encoding", "chunked")]),
        ("R1 connection", vec![("connection", "close")]),
        ("R2 LF in a value", vec![("x-a", "b\nc")]),
        ("R2 CR in a value", vec![("x-a", "b\rc")]),
        ("R2 NUL in a value", vec![("x-a", "b\0c")]),
        ("R2 upper case", vec![("X-A", "b")]),
        ("R2 empty name", vec![("", "b")]),
        ("R2 second path", vec![(":path", "/x")]),
        ("R3 length", vec![("content-length", "5")]),
    ];
    let mut requests: Vec<_> =
        cases.into_iter().map(|(name, more)| (name, fields(&more))).collect();
    for path in ["/a b", "/a\tb", "a", ""] {
        requests.push(("R2 path", fields_at(path, &[])));
    }
    for (name, fields) in requests {
        let mut frames = frame(1, 4, 1, &fields);
        frames.extend(frame(0, 1, 1, b"abc"));
        let seen = attack(&rig, &frames);
        assert!(
            seen.iter().any(|(kind, code)| matches!(kind, 3 | 7) && *code == PROTOCOL_ERROR),
            "{name}: {seen:?}"
        );
        assert!(upstream.received().is_empty(), "{name}: the backend got a whole request");
        assert_eq!(rig.get("/good", "").status, 200, "{name}: the next client");
        let good = upstream.take();
        assert_eq!(good.len(), 1, "{name}");
    }
}

#[test]
fn floods_of_frames_are_answered_with_a_goodbye() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let open = frame(1, 4, 1, &fields(&[]));
    let resets: Vec<u8> = (0..10_000_u32)
        .flat_map(|number| {
            let stream = number * 2 + 1;
            [frame(1, 5, stream, &fields(&[])), frame(3, 0, stream, &[0, 0, 0, 8])].concat()
        })
        .collect();
    let endless: Vec<u8> = std::iter::once(frame(1, 0, 1, &fields(&[])))
        .chain((0..2000).map(|_| frame(9, 0, 1, &fields(&[("x-a", "b")])[3..])))
        .flatten()
        .collect();
    let floods: [(&str, Vec<u8>, &[u32]); 5] = [
        ("R5 rapid reset", resets, &[CALM]),
        ("R7 CONTINUATION", endless, &[CALM, PROTOCOL_ERROR]),
        ("R8 empty DATA", [open.clone(), frame(0, 0, 1, &[]).repeat(5000)].concat(), &[CALM]),
        ("R8 PING", frame(6, 0, 0, &[0; 8]).repeat(5000), &[CALM]),
        ("R8 SETTINGS", frame(4, 0, 0, &[]).repeat(5000), &[CALM]),
    ];
    for (name, frames, codes) in floods {
        let seen = attack(&rig, &frames);
        let goodbye = seen.iter().find(|(kind, _)| *kind == 7);
        assert!(
            goodbye.is_some_and(|(_, code)| codes.contains(code)),
            "{name}: {:?} frames, last {:?}",
            seen.len(),
            seen.last()
        );
        assert_eq!(rig.get("/good", "").status, 200, "{name}: the next client");
    }
}

/// One field in the table that is then named over and over: a kilobyte that says four megabytes.
fn bomb() -> Vec<u8> {
    let mut block = fields(&[]);
    // `x-bomb: bbb…`, put into the table: 4,000 bytes, whose length takes three.
    block.extend([0x40, 6]);
    block.extend(b"x-bomb");
    block.extend([0x7f, 0xa1, 0x1e]);
    block.extend([b'b'; 4000]);
    block.extend([0xbe; 10_000]);
    block
}

#[test]
fn r9_a_head_that_unfolds_to_forty_megabytes_is_refused_and_takes_no_memory() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let before = super::rig::memory_peak();
    for _ in 0..20 {
        let seen = attack(&rig, &frame(1, 5, 1, &bomb()));
        let refused = |(kind, code): &(u8, u32)| match kind {
            3 | 7 => [PROTOCOL_ERROR, 9, CALM].contains(code),
            _ => *kind == 1,
        };
        assert!(seen.iter().any(refused), "{seen:?}");
    }
    assert_eq!(upstream.bytes(), 0);
    let grown = super::rig::memory_peak() - before;
    assert!(grown < 32 * 1024, "{grown} KiB");
    assert_eq!(rig.get("/good", "").status, 200);
}

#[test]
fn a_stream_whose_window_stays_shut_gives_back_what_it_holds() {
    let upstream = Upstream::answering(|_, stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n";
        let piece = [b'x'; 16 * 1024];
        stream.write_all(head).is_ok() && {
            while stream.write_all(&piece).is_ok() {}
            false
        }
    });
    let rig = Rig::before(&upstream, "[limits]\nslow_wait = \"500ms\"\n");
    let held = || {
        rig.metric(&format!(
            "ondol_gateway_upstream_requests{{backend=\"one\",endpoint=\"http://{}\"}} ",
            upstream.address
        ))
    };
    let mut stream = TcpStream::connect(rig.address).expect("a connection");
    let mut bytes = PREFACE.to_vec();
    // Nothing may be sent to it: windows of streams are zero.
    bytes.extend(frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]));
    bytes.extend(frame(1, 5, 1, &fields(&[])));
    stream.write_all(&bytes).expect("a request");
    super::rig::until("its backend is busy with it", || held() == Some(1));
    super::rig::until("its backend is free again", || held() == Some(0));
    assert_eq!(rig.metric("ondol_gateway_connections "), Some(1), "the connection itself may stay");
    drop(stream);
}
