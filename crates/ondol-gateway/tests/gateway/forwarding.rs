//! Requests and answers on their way through.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rig::{PATIENCE, Reply, Rig, Upstream, text};

#[test]
fn connections_are_used_again_on_both_sides() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let mut requests = String::new();
    for number in 0..5 {
        let close = if number == 4 { "Connection: close\r\n" } else { "" };
        requests += &format!("GET /{number} HTTP/1.1\r\nHost: bank.test\r\n{close}\r\n");
    }
    let replies = Reply::all(&rig.send(requests.as_bytes(), usize::MAX));
    assert_eq!(replies.len(), 5);
    assert!(upstream.received().iter().all(|received| received.connection == 0));
}

#[test]
fn a_connection_that_dies_while_idle_costs_no_request() {
    // Answers one request on each connection and closes it without having said so.
    let upstream = Upstream::answering(|received, stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        received.head.is_empty()
    });
    let rig = Rig::before(&upstream, "");
    for _ in 0..50 {
        assert_eq!(rig.get("/a", "").status, 200);
    }
}

#[test]
fn a_connection_that_dies_under_its_second_request_costs_no_request_that_may_be_sent_again() {
    // Reads the second request on each connection and closes it without a word.
    let served = Mutex::new(HashSet::new());
    let upstream = Upstream::answering(move |received, stream| {
        let first = served.lock().expect("what was served").insert(received.connection);
        first && stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_ok()
    });
    let rig = Rig::before(&upstream, "");
    for _ in 0..10 {
        assert_eq!(rig.get("/a", "").status, 200);
    }
    assert!(upstream.received().len() > 10, "no connection was used again");
}

#[test]
fn what_may_not_be_done_twice_is_not_sent_twice() {
    // The second request on a connection is read and then the connection closed.
    let upstream = Upstream::answering(|received, stream| {
        if received.head.starts_with("POST") {
            return false;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_ok()
    });
    let rig = Rig::before(&upstream, "");
    assert_eq!(rig.get("/warm", "").status, 200);
    let post = b"POST /pay HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";
    assert_eq!(Reply::of(&rig.send(post, usize::MAX)).status, 502);
    let posts = upstream.received().iter().filter(|one| one.head.starts_with("POST")).count();
    assert_eq!(posts, 1);
}

#[test]
fn large_bodies_go_through_unchanged_both_ways() {
    let upstream = Upstream::answering(|received, stream| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", received.body.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&received.body)).is_ok()
    });
    let rig = Rig::before(&upstream, "");
    let body: Vec<u8> =
        (0..1_000_000_u32).map(|number| b'a' + u8::try_from(number % 23).expect("small")).collect();
    let mut declared = format!(
        "POST /a HTTP/1.1\r\nHost: b\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    declared.extend(&body);
    let mut chunked =
        b"POST /a HTTP/1.1\r\nHost: b\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_vec();
    for chunk in body.chunks(7777) {
        chunked.extend(format!("{:x}\r\n", chunk.len()).bytes());
        chunked.extend(chunk);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    for request in [declared, chunked] {
        let reply = Reply::of(&rig.send(&request, usize::MAX));
        assert_eq!(reply.status, 200);
        assert!(reply.body.as_bytes() == body, "{} bytes came back", reply.body.len());
    }
}

#[test]
fn an_answer_is_passed_on_while_it_is_still_being_made() {
    let upstream = Upstream::answering(|_, stream| {
        let begin = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata1\n\r\n";
        stream.write_all(begin).expect("the beginning");
        // The rest is sent only when the client has said that it has the first part.
        let mut go = [0; 1];
        drop(stream.read(&mut go));
        stream.write_all(b"6\r\ndata2\n\r\n0\r\n\r\n").is_ok()
    });
    let rig = Rig::before(&upstream, "");
    let mut client = TcpStream::connect(rig.address).expect("a connection");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let head =
        b"POST /a HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    client.write_all(head).expect("the head");
    client.write_all(b"0\r\n\r\n").expect("an empty body");
    let mut seen = String::new();
    let mut more = [0; 1024];
    while !seen.contains("data1") {
        let read = client.read(&mut more).expect("the first part, before the second is made");
        seen += &text(&more[..read]);
    }
    assert!(!seen.contains("data2"));
}

#[test]
fn a_websocket_goes_both_ways_and_ends_with_either_side() {
    let upstream = Upstream::answering(|received, stream| {
        if received.header("upgrade") != Some("websocket") {
            return false;
        }
        let accepted = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello";
        stream.write_all(accepted).expect("an acceptance");
        let mut frame = [0; 64];
        while let Ok(read) = stream.read(&mut frame) {
            if read == 0 || frame[..read].contains(&b'!') {
                break;
            }
            stream.write_all(&frame[..read]).expect("an echo");
        }
        false
    });
    let rig = Rig::before(&upstream, "");
    let mut client = TcpStream::connect(rig.address).expect("a connection");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let head = b"GET /ws HTTP/1.1\r\nHost: b\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nping1";
    client.write_all(head).expect("a request");
    let mut seen = String::new();
    let mut more = [0; 1024];
    while !seen.contains("helloping1") {
        let read = client.read(&mut more).expect("an echo");
        assert!(read > 0, "closed after {seen:?}");
        seen += &text(&more[..read]);
    }
    assert!(seen.starts_with("HTTP/1.1 101 "), "{seen}");
    client.write_all(b"ping2").expect("another");
    while !seen.contains("ping2") {
        let read = client.read(&mut more).expect("another echo");
        seen += &text(&more[..read]);
    }
    client.write_all(b"!").expect("a goodbye");
    assert_eq!(client.read(&mut more).expect("an end"), 0);
}

#[test]
fn a_backend_that_hangs_dies_or_speaks_nonsense_is_told_apart() {
    let upstream = Upstream::answering(|received, stream| {
        let answer: &[u8] = match received.head.split(' ').nth(1) {
            Some("/nonsense") => b"HELLO\r\n\r\n",
            Some("/both") => b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            Some("/tunnel") => b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            Some("/dies") => return false,
            _ => {
                let mut wait = [0; 1];
                return stream.read(&mut wait).is_ok_and(|read| read > 0);
            }
        };
        stream.write_all(answer).is_ok()
    });
    let at = upstream.address;
    let rig = Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://{at}\"]\n[backends.gone]\nendpoints = [\"http://127.0.0.1:1\"]\n\
         [routes.all]\nto = \"one\"\ntimeout = \"300ms\"\n[routes.gone]\npath = \"/gone\"\nto = \"gone\"\n"
    ));
    for (path, status, code) in [
        ("/hangs", 504, "gateway-upstream-timed-out"),
        ("/dies", 502, "gateway-upstream-failed"),
        ("/nonsense", 502, "gateway-upstream-malformed"),
        ("/both", 502, "gateway-upstream-malformed"),
        ("/tunnel", 502, "gateway-upstream-malformed"),
        ("/gone", 502, "gateway-connect-failed"),
    ] {
        let reply = rig.get(path, "");
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
        assert!(reply.body.contains(code), "{path}: {}", reply.body);
    }
}

#[test]
fn an_answer_cut_short_is_not_made_to_look_whole() {
    let upstream = Upstream::answering(|_, stream| {
        let half = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
        drop(stream.write_all(half));
        false
    });
    let rig = Rig::before(&upstream, "");
    let answer = text(&rig.send(b"GET /a HTTP/1.1\r\nHost: b\r\n\r\n", usize::MAX));
    assert!(answer.contains("hello"), "{answer}");
    assert!(!answer.contains("0\r\n\r\n"), "{answer}");
}

#[test]
fn a_failed_connection_is_tried_again_elsewhere_when_asked_to() {
    let upstream = Upstream::start();
    let at = upstream.address;
    let rig = Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://127.0.0.1:1\", \"http://{at}\"]\n\
         balancer = {{ strategy = \"round_robin\" }}\nretry = {{ attempts_max = 2, budget = {{ floor = 20 }} }}\n[routes.all]\nto = \"one\"\n"
    ));
    for _ in 0..10 {
        assert_eq!(rig.get("/a", "").status, 200);
    }
    assert_eq!(upstream.received().len(), 10);
    assert!(!rig.handle.metrics().contains("ondol_gateway_retries_total{route=\"all\"} 0"));
}

#[test]
fn a_reload_changes_what_comes_next_and_a_websocket_does_not_notice() {
    static REQUESTS: AtomicUsize = AtomicUsize::new(0);
    let upstream = Upstream::answering(|received, stream| {
        REQUESTS.fetch_add(1, Ordering::Relaxed);
        if received.header("upgrade").is_none() {
            return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_ok();
        }
        let accepted = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        stream.write_all(accepted).expect("an acceptance");
        let mut frame = [0; 64];
        while let Ok(read) = stream.read(&mut frame) {
            if read == 0 || stream.write_all(&frame[..read]).is_err() {
                break;
            }
        }
        false
    });
    let rig = Rig::before(&upstream, "");
    let mut socket = TcpStream::connect(rig.address).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let head = b"GET /ws HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    socket.write_all(head).expect("a request");
    let mut more = [0; 256];
    assert!(socket.read(&mut more).expect("an acceptance") > 0);
    let at = upstream.address;
    for number in 0..1000 {
        let text = format!(
            "[backends.one]\nendpoints = [\"http://{at}\"]\n[routes.all]\nto = \"one\"\n\
             [routes.extra]\npath = \"/extra/{number}\"\nrespond = {{ status = 200, body = \"{number}\" }}\n"
        );
        let config = ondol_gateway::Config::read("next.toml", &text).expect("a good configuration");
        rig.handle.reload(config).expect("a reload");
        if number % 100 == 0 {
            assert_eq!(rig.get(&format!("/extra/{number}"), "").body, number.to_string());
            assert_eq!(rig.get("/a", "").body, "ok");
        }
    }
    socket.write_all(b"still here").expect("a frame");
    let read = socket.read(&mut more).expect("an echo");
    assert_eq!(&more[..read], b"still here");
}

#[test]
fn every_request_has_a_line_with_the_reason_for_what_the_gateway_answered_itself() {
    let upstream = Upstream::start();
    let file = std::env::temp_dir().join(format!("ondol-access-{}.log", std::process::id()));
    let rig = Rig::before(&upstream, &format!("access_log = {{ to = {file:?} }}\n"));
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n");
    assert_eq!(rig.get("/a?secret=1", &parent).status, 200);
    rig.send(b"GET /a/../b HTTP/1.1\r\nHost: bank.test\r\n\r\n", usize::MAX);
    rig.send(b"nonsense\r\n\r\n", usize::MAX);
    drop(rig);
    let text = std::fs::read_to_string(&file).expect("a log");
    std::fs::remove_file(&file).expect("a log to remove");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 3, "{text}");
    let good = &lines[0];
    assert_eq!(
        (&good["method"], &good["path"], &good["status"]),
        (&"GET".into(), &"/a".into(), &200.into())
    );
    assert_eq!((&good["route"], &good["trace"]), (&"all".into(), &trace.into()));
    assert_eq!(good["upstream"], format!("http://{}", upstream.address));
    assert_eq!((&good["reason"], &good["tries"]), (&serde_json::Value::Null, &1.into()));
    assert!(!text.contains("secret"), "what a query holds is nobody's business: {text}");
    for (line, reason, method) in
        [(&lines[1], "gateway-bad-target", "GET"), (&lines[2], "gateway-bad-framing", "")]
    {
        assert_eq!((&line["reason"], &line["method"]), (&reason.into(), &method.into()));
        assert_eq!((&line["client"], &line["tries"]), (&"127.0.0.1".into(), &0.into()));
    }
}
