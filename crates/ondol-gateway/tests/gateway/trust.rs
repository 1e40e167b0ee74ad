//! Who is believed: proxies in front of the gateway, and what they and clients say of themselves.

use std::io::{Read, Write};
use std::net::TcpStream;

use ondol_gateway::Config;

use super::rig::{PATIENCE, Reply, Rig, Upstream, text};

fn rig(upstream: &Upstream, more: &str) -> Rig {
    let text = format!(
        "workers = 1\n[listeners.public]\naddress = \"127.0.0.1:0\"\n{more}\n\
         [backends.one]\nendpoints = [\"http://{}\"]\n[routes.all]\nto = \"one\"\n",
        upstream.address
    );
    Rig::with(Config::read("gateway.toml", &text).expect("a good configuration"))
}

const GET: &str = "GET /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";

/// `PROXY` of version 2: a command, a family with its protocol, addresses.
fn binary(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
    let length = u16::try_from(addresses.len()).expect("short").to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[0x20 | command, family][..], &length, addresses].concat()
}

#[test]
fn a_proxy_that_is_trusted_says_where_a_connection_comes_from_in_either_form() {
    let upstream = Upstream::start();
    let rig = rig(&upstream, "proxy_protocol_from = [\"127.0.0.0/8\"]");
    let four = [203, 0, 113, 7, 127, 0, 0, 1, 0x12, 0x34, 0, 80];
    let mut six = [0; 36];
    six[..2].copy_from_slice(&[0x20, 0x01]);
    six[15] = 9;
    for (header, address) in [
        (b"PROXY TCP4 203.0.113.7 127.0.0.1 4660 80\r\n".to_vec(), "203.0.113.7"),
        (b"PROXY TCP6 2001::9 ::1 4660 80\r\n".to_vec(), "2001::9"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1"),
        (binary(1, 0x11, &four), "203.0.113.7"),
        (binary(1, 0x21, &six), "2001::9"),
        // The proxy itself asks, for instance whether we are well.
        (binary(0, 0, &[]), "127.0.0.1"),
    ] {
        for piece in [usize::MAX, 1] {
            let reply = Reply::of(&rig.send(&[&header, GET.as_bytes()].concat(), piece));
            assert_eq!(reply.status, 200, "{}", text(&header));
            let received = upstream.take();
            assert_eq!(received[0].header("x-forwarded-for"), Some(address), "{}", text(&header));
        }
    }
    for bad in [
        GET.as_bytes().to_vec(),
        b"PROXY TCP4 203.0.113.7\r\n".to_vec(),
        b"PROXY TCP4 2001::9 ::1 1 2\r\n".to_vec(),
        b"PROXY TCP4 203.0.113.7 127.0.0.1 4660 99999\r\n".to_vec(),
        binary(1, 0x11, &four[..4]),
        [b"PROXY ", &[b'x'; 200][..], b"\r\n"].concat(),
    ] {
        let mut stream = TcpStream::connect(rig.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        drop(stream.write_all(&[&bad, GET.as_bytes()].concat()));
        let mut answer = Vec::new();
        // Reset, since nothing of what follows is read.
        drop(stream.read_to_end(&mut answer));
        assert!(answer.is_empty(), "{}: {}", text(&bad), text(&answer));
    }
    assert!(upstream.received().is_empty());
}

#[test]
fn from_whom_nothing_is_expected_a_proxy_header_is_no_request() {
    let upstream = Upstream::start();
    let rig = rig(&upstream, "proxy_protocol_from = [\"10.0.0.0/8\"]");
    let bytes = format!("PROXY TCP4 203.0.113.7 127.0.0.1 4660 80\r\n{GET}");
    assert_eq!(Reply::of(&rig.send(bytes.as_bytes(), usize::MAX)).status, 400);
    assert_eq!(upstream.bytes(), 0);
    assert_eq!(Reply::of(&rig.send(GET.as_bytes(), usize::MAX)).status, 200);
}

#[test]
fn what_a_trusted_proxy_says_goes_on_and_what_others_say_does_not() {
    let upstream = Upstream::start();
    let said = "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.test\r\n";
    let trusting = rig(&upstream, "[trust]\nproxies = [\"127.0.0.1\"]");
    assert_eq!(trusting.get("/a", said).status, 200);
    let received = upstream.take().remove(0);
    assert_eq!(received.header("x-forwarded-for"), Some("203.0.113.7, 127.0.0.1"));
    assert_eq!(received.header("x-forwarded-proto"), Some("https"));
    assert_eq!(received.header("x-forwarded-host"), Some("shop.test"));
    let wary = rig(&upstream, "[trust]\nproxies = [\"10.0.0.0/8\"]");
    assert_eq!(wary.get("/a", said).status, 200);
    let received = upstream.take().remove(0);
    assert_eq!(received.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(received.header("x-forwarded-proto"), Some("http"));
    assert_eq!(received.header("x-forwarded-host"), Some("bank.test"));
}

#[test]
fn a_trace_is_continued_and_what_is_none_is_replaced() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let span = "00f067aa0ba902b7";
    let good = format!("00-{trace}-{span}-00");
    let asked = |headers: &str| {
        assert_eq!(rig.get("/a", headers).status, 200);
        upstream.take().remove(0)
    };
    let received = asked(&format!("traceparent: {good}\r\ntracestate: a=b\r\n"));
    let parent = received.header("traceparent").expect("a trace").to_owned();
    assert!(parent.starts_with(&format!("00-{trace}-")) && parent.ends_with("-00"), "{parent}");
    assert!(!parent.contains(span), "the gateway is a span of its own: {parent}");
    assert_eq!(received.header("tracestate"), Some("a=b"));
    let zeros = "0".repeat(32);
    for bad in [
        String::new(),
        format!("traceparent: 00-{zeros}-{span}-01\r\n"),
        format!("traceparent: 00-{trace}-0000000000000000-01\r\n"),
        format!("traceparent: ff-{trace}-{span}-01\r\n"),
        format!("traceparent: 00-{}-{span}-01\r\n", trace.to_uppercase()),
        format!("traceparent: 00-{trace}-{span}\r\n"),
        format!("traceparent: {good}\r\ntraceparent: {good}\r\n"),
    ] {
        let received = asked(&format!("{bad}tracestate: a=b\r\n"));
        let parent = received.header("traceparent").expect("a trace").to_owned();
        assert_eq!((parent.len(), parent.get(..3)), (55, Some("00-")), "{bad}: {parent}");
        assert!(!parent.contains(trace) && !parent.contains(&zeros), "{bad}: {parent}");
        assert_eq!(received.header("tracestate"), None, "{bad}");
        assert_eq!(received.head.matches("traceparent").count(), 1, "{bad}");
    }
}

#[test]
fn no_client_decides_how_many_series_there_are() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let series = || rig.handle.metrics().lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(rig.get("/first", "").status, 200);
    assert_eq!(rig.get("/../", "").status, 400);
    let before = series();
    let mut stream = TcpStream::connect(rig.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    for number in 0..500 {
        let request = format!(
            "GET /{number}?x={number} HTTP/1.1\r\nHost: h{number}.test\r\nX-{number}: 1\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("a request");
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("an answer");
        let mut rest = [0; 512];
        let _length = stream.read(&mut rest).expect("its rest");
    }
    assert_eq!(series(), before);
}
