//! Answers that are compressed on their way out.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use flate2::read::MultiGzDecoder;

use super::rig::{PATIENCE, Rig, Upstream, header};

fn upstream() -> Upstream {
    Upstream::answering(|received, stream| {
        let target = received.head.split(' ').nth(1).unwrap_or_default().to_owned();
        let head = match target.as_str() {
            "/image" => "Content-Type: image/png\r\n",
            "/events" => "Content-Type: text/event-stream\r\n",
            "/coded" => "Content-Type: text/plain\r\nContent-Encoding: br\r\n",
            "/fixed" => "Content-Type: text/plain\r\nCache-Control: no-transform\r\n",
            _ => "Content-Type: application/json\r\nETag: \"1\"\r\nAccept-Ranges: bytes\r\n",
        };
        if target == "/pieces" {
            let first = write!(
                stream,
                "HTTP/1.1 200 OK\r\n{head}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
            );
            drop(first.and_then(|()| stream.flush()));
            // The rest comes when the test has seen the beginning.
            std::thread::park_timeout(Duration::from_millis(700));
            return write!(stream, "6\r\nsecond\r\n0\r\n\r\n").is_ok();
        }
        let body = if target == "/short" { "x".to_owned() } else { "words ".repeat(1000) };
        let length = body.len();
        let body = if received.head.starts_with("HEAD") { String::new() } else { body };
        write!(stream, "HTTP/1.1 200 OK\r\n{head}Content-Length: {length}\r\n\r\n{body}").is_ok()
    })
}

fn rig(upstream: &Upstream, more: &str) -> Rig {
    Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://{}\"]\n[routes.all]\nto = \"one\"\ncompress = {{}}\n{more}",
        upstream.address
    ))
}

/// The head of an answer, and its body without chunks.
fn ask(rig: &Rig, method: &str, target: &str, headers: &str) -> (String, Vec<u8>) {
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n");
    let bytes = rig.send(request.as_bytes(), usize::MAX);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut body = bytes[end..].to_vec();
    if header(&head, "transfer-encoding").is_some() {
        body = chunks(&body);
    }
    (head, body)
}

/// What is in the chunks that are here whole.
fn chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line]).expect("text");
        let size = usize::from_str_radix(size, 16).expect("a number");
        let Some(data) = rest.get(line + 2..line + 2 + size).filter(|data| !data.is_empty()) else {
            break;
        };
        whole.extend_from_slice(data);
        rest = rest.get(line + 4 + size..).unwrap_or_default();
    }
    whole
}

fn unpacked(body: &[u8]) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(body).read_to_string(&mut text).expect("gzip");
    text
}

#[test]
fn an_answer_is_compressed_for_who_asks_for_it() {
    let upstream = upstream();
    let rig = rig(&upstream, "");
    let (head, body) = ask(&rig, "GET", "/a", "Accept-Encoding: br;q=1, gzip;q=0.8\r\n");
    assert_eq!(header(&head, "content-encoding"), Some("gzip"), "{head}");
    assert_eq!(header(&head, "vary"), Some("accept-encoding"));
    assert_eq!(header(&head, "etag"), Some("W/\"1\""), "other bytes, the same meaning");
    assert_eq!(header(&head, "accept-ranges"), None);
    assert_eq!(unpacked(&body), "words ".repeat(1000));
    assert!(body.len() < 200);
    for not in ["", "gzip;q=0", "br", "gzip;q=0.5, identity", "*;q=0", "gzip;q=x"] {
        let line =
            if not.is_empty() { String::new() } else { format!("Accept-Encoding: {not}\r\n") };
        let (head, body) = ask(&rig, "GET", "/a", &line);
        assert_eq!(header(&head, "content-encoding"), None, "{not}");
        assert_eq!(header(&head, "vary"), Some("accept-encoding"), "who keeps it must know");
        assert_eq!((header(&head, "etag"), body.len()), (Some("\"1\""), 6000));
    }
    for wanted in ["*", "GZIP", "identity;q=0.5, *;q=0.6"] {
        let (head, _) = ask(&rig, "GET", "/a", &format!("Accept-Encoding: {wanted}\r\n"));
        assert_eq!(header(&head, "content-encoding"), Some("gzip"), "{wanted}");
    }
    let (head, body) = ask(&rig, "HEAD", "/a", "Accept-Encoding: gzip\r\n");
    assert_eq!((header(&head, "content-encoding"), body.len()), (Some("gzip"), 0));
    assert_eq!(header(&head, "content-length"), None, "nobody knows how long it would be");
}

#[test]
fn what_is_not_worth_it_or_must_not_be_is_not_compressed() {
    let upstream = upstream();
    let rig = rig(&upstream, "");
    for target in ["/image", "/events", "/fixed", "/short"] {
        let (head, _) = ask(&rig, "GET", target, "Accept-Encoding: gzip\r\n");
        assert_eq!(header(&head, "content-encoding"), None, "{target}");
    }
    let (head, _) = ask(&rig, "GET", "/coded", "Accept-Encoding: gzip\r\n");
    assert_eq!(header(&head, "content-encoding"), Some("br"), "never twice");
}

#[test]
fn what_is_there_goes_out_before_the_rest_comes() {
    let upstream = upstream();
    let rig = rig(&upstream, "");
    let mut stream = TcpStream::connect(rig.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
        .write_all(b"GET /pieces HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n")
        .expect("sent");
    let clock = ondol_doors::SystemClock::start();
    let mut seen = Vec::new();
    let mut more = [0; 4096];
    let mut first = String::new();
    while first != "first" {
        let read = stream.read(&mut more).expect("more");
        assert!(read > 0, "the beginning comes before the end");
        seen.extend_from_slice(&more[..read]);
        let Some(head) = seen.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let packed = chunks(&seen[head + 4..]);
        let mut out = [0; 5];
        let mut decoder = MultiGzDecoder::new(packed.as_slice());
        let length = decoder.read(&mut out).unwrap_or(0);
        first = String::from_utf8_lossy(&out[..length]).into_owned();
    }
    assert!(ondol_doors::Clock::running(&clock) < Duration::from_millis(600));
}

#[test]
fn a_stored_answer_is_compressed_for_those_who_want_it() {
    let upstream = upstream();
    let rig = rig(&upstream, "cache = { fresh = \"1m\" }\n");
    let (plain, _) = ask(&rig, "GET", "/a", "");
    assert_eq!(header(&plain, "content-encoding"), None);
    let (packed, body) = ask(&rig, "GET", "/a", "Accept-Encoding: gzip\r\n");
    assert_eq!(header(&packed, "content-encoding"), Some("gzip"));
    assert_eq!(unpacked(&body), "words ".repeat(1000));
    assert_eq!(upstream.received().len(), 1);
    let (known, body) =
        ask(&rig, "GET", "/a", "Accept-Encoding: gzip\r\nIf-None-Match: W/\"1\"\r\n");
    assert!(known.starts_with("HTTP/1.1 304") && body.is_empty(), "{known}");
}
