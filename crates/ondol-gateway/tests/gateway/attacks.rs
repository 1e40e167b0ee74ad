//! What hostile and broken clients send, and what they get: a table, row by row.
//!
//! Every row is sent whole and again in tiny pieces. The answer must be the stated one, tell nothing of
//! our insides, and be noted once; the connection is closed; the backend must not have seen a byte; and
//! the next client must be served.

use std::io::{Read, Write};

use super::rig::{Reply, Rig, Upstream, text};

struct Row {
    name: &'static str,
    input: Vec<u8>,
    expect: &'static [u16],
}

fn row(name: &'static str, input: impl Into<Vec<u8>>, expect: &'static [u16]) -> Row {
    Row { name, input: input.into(), expect }
}

fn with(headers: &str) -> String {
    format!("POST /a HTTP/1.1\r\nHost: bank.test\r\n{headers}\r\n")
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: bank.test\r\n\r\n")
}

fn framing() -> Vec<Row> {
    const BAD: &[u16] = &[400];
    vec![
        row(
            "H1 both",
            with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
            BAD,
        ),
        row(
            "H1 both, other order",
            with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n",
            BAD,
        ),
        row("H2 two lengths", with("Content-Length: 5\r\nContent-Length: 6\r\n") + "hello!", BAD),
        row("H3 equal lengths", with("Content-Length: 5\r\nContent-Length: 5\r\n") + "hello", BAD),
        row("H3 list", with("Content-Length: 5, 5\r\n") + "hello", BAD),
        row("H4 plus", with("Content-Length: +5\r\n") + "hello", BAD),
        row("H4 minus", with("Content-Length: -1\r\n"), BAD),
        row("H4 hexadecimal", with("Content-Length: 0x10\r\n"), BAD),
        row("H4 underscore", with("Content-Length: 1_0\r\n"), BAD),
        row("H4 letter", with("Content-Length: 1Z\r\n"), BAD),
        row("H4 empty", with("Content-Length: \r\n"), BAD),
        row("H4 huge", with("Content-Length: 99999999999999999999999\r\n"), BAD),
        row("H4 blank inside", with("Content-Length: 1 0\r\n"), BAD),
        row("H6 twice in one", with("Transfer-Encoding: chunked, chunked\r\n") + "0\r\n\r\n", BAD),
        row(
            "H6 twice",
            with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
            BAD,
        ),
        row("H6 other", with("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", BAD),
        row("H6 identity", with("Transfer-Encoding: identity\r\n"), BAD),
        row("H6 odd", with("Transfer-Encoding: xchunked\r\n"), BAD),
        row("H6 vertical tab", with("Transfer-Encoding: \x0bchunked\r\n"), BAD),
        row("H6 empty", with("Transfer-Encoding:\r\n"), BAD),
    ]
}

fn lines() -> Vec<Row> {
    const BAD: &[u16] = &[400];
    vec![
        row("H8 space before colon", with("Content-Length : 5\r\n") + "hello", BAD),
        row("H8 tab before colon", with("Transfer-Encoding\t: chunked\r\n") + "0\r\n\r\n", BAD),
        row("H9 folded", with("X-A: b\r\n c\r\n"), BAD),
        row("H9 folded with tab", with("X-A: b\r\n\tc\r\n"), BAD),
        row("H10 no colon", with("Nonsense\r\n"), BAD),
        row("H10 empty name", with(": value\r\n"), BAD),
        row("H10 name with a bracket", with("X(A): b\r\n"), BAD),
        row("H10 name with a space", with("X A: b\r\n"), BAD),
        row("H10 name not ASCII", with("X\u{e9}: b\r\n"), BAD),
        row("H11 bare LF", "GET /a HTTP/1.1\nHost: bank.test\n\n", BAD),
        row("H11 one bare LF", "GET /a HTTP/1.1\r\nHost: bank.test\nX-A: b\r\n\r\n", BAD),
        row("H11 LF LF at the end", "GET /a HTTP/1.1\r\nHost: bank.test\r\n\n", BAD),
        row("H11 bare CR", with("X-A: b\rc\r\n"), BAD),
        row("H11 NUL", with("X-A: b\0c\r\n"), BAD),
        row("H11 DEL", with("X-A: b\x7fc\r\n"), BAD),
        row("H11 CR CR LF", with("X-A: b\r\r\n"), BAD),
        row("H12 space first", "GET /a HTTP/1.1\r\n Host: bank.test\r\n\r\n", BAD),
        row("H12 tab first", "GET /a HTTP/1.1\r\n\tHost: bank.test\r\n\r\n", BAD),
        row("empty line first", "\r\nGET /a HTTP/1.1\r\nHost: bank.test\r\n\r\n", BAD),
        row(
            "H18 chunks in 1.0",
            "POST /a HTTP/1.0\r\nHost: bank.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            BAD,
        ),
        row("H19 1.32", "GET /a HTTP/1.32\r\nHost: bank.test\r\n\r\n", &[505, 400]),
        row("H19 3.0", "GET /a HTTP/3.0\r\nHost: bank.test\r\n\r\n", &[505, 400]),
        row("H19 2.0", "GET /a HTTP/2.0\r\nHost: bank.test\r\n\r\n", &[505, 400]),
        row("H19 CR inside", "GET /a HTTP/\r1.1\r\nHost: bank.test\r\n\r\n", BAD),
        row("H19 lower case", "GET /a http/1.1\r\nHost: bank.test\r\n\r\n", BAD),
        row("H19 none", "GET /a\r\nHost: bank.test\r\n\r\n", BAD),
        row("H21 other expectation", with("Expect: x\r\nContent-Length: 0\r\n"), &[417]),
        row("two spaces", "GET  /a HTTP/1.1\r\nHost: bank.test\r\n\r\n", BAD),
        row("space at the end", "GET /a HTTP/1.1 \r\nHost: bank.test\r\n\r\n", BAD),
        row("tab for a space", "GET\t/a HTTP/1.1\r\nHost: bank.test\r\n\r\n", BAD),
        row("method not a token", "G@T /a HTTP/1.1\r\nHost: bank.test\r\n\r\n", BAD),
        row("TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), BAD),
    ]
}

fn hosts_and_targets() -> Vec<Row> {
    const BAD: &[u16] = &[400];
    let host = |host: &str| format!("GET /a HTTP/1.1\r\n{host}\r\n");
    vec![
        row("no host", host(""), BAD),
        row("two hosts", host("Host: bank.test\r\nHost: bank.test\r\n"), BAD),
        row("empty host", host("Host:\r\n"), BAD),
        row("host with a path", host("Host: bank.test/x\r\n"), BAD),
        row("host with a user", host("Host: user@bank.test\r\n"), BAD),
        row("two in one", host("Host: bank.test, evil.test\r\n"), BAD),
        row("bad port", host("Host: bank.test:80x\r\n"), BAD),
        row(
            "other host in the target",
            "GET http://evil.test/a HTTP/1.1\r\nHost: bank.test\r\n\r\n",
            BAD,
        ),
        row("other scheme", "GET ftp://bank.test/a HTTP/1.1\r\nHost: bank.test\r\n\r\n", BAD),
        row("no slash", get("a"), BAD),
        row("G3 dots", get("/admin/../api"), BAD),
        row("G3 escaped dots", get("/api/%2e%2e/admin"), BAD),
        row("G3 half escaped dots", get("/api/.%2E/admin"), BAD),
        row("G3 one dot", get("/api/./admin"), BAD),
        row("G3 escaped slash", get("/api/%2fadmin"), BAD),
        row("G3 parameters", get("/api;x=y/admin"), BAD),
        row("G3 escaped parameters", get("/api%3bx=y/admin"), BAD),
        row("G3 backslash", get("/api\\admin"), BAD),
        row("G3 escaped backslash", get("/api/%5cadmin"), BAD),
        row("G4 NUL", get("/a%00b"), BAD),
        row("G4 overlong", get("/a%c0%af"), BAD),
        row("G4 not UTF-8", get("/a%ff"), BAD),
        row("G4 invalid percent", get("/a%zz"), BAD),
        row("G4 cut percent", get("/a%2"), BAD),
        row("G4 raw bytes", b"GET /a\xc3\xa9 HTTP/1.1\r\nHost: bank.test\r\n\r\n".to_vec(), BAD),
        row("fragment", get("/a#b"), BAD),
        row("G2 stripping", with("Connection: X-Tenant, Authorization\r\nX-Tenant: 1\r\n"), BAD),
        row("G2 stripping, mixed", with("Connection: close, Cookie\r\n"), BAD),
        row(
            "CONNECT",
            "CONNECT bank.test:443 HTTP/1.1\r\nHost: bank.test:443\r\n\r\n",
            &[501, 400, 405],
        ),
        row("TRACE", "TRACE /a HTTP/1.1\r\nHost: bank.test\r\n\r\n", &[501, 405]),
    ]
}

fn large() -> Vec<Row> {
    let headers: String = (0..1000).map(|number| format!("X-{number}: y\r\n")).collect();
    vec![
        row("H26 long line", get(&format!("/{}", "a".repeat(9000))), &[414]),
        row("H26 large head", with(&format!("X-A: {}\r\n", "b".repeat(40_000))), &[431]),
        row("H26 many headers", with(&headers), &[431]),
        row("H26 endless line", "GET /".to_owned() + &"a".repeat(100_000), &[414]),
        row("H28 declared", with("Content-Length: 99999999\r\n"), &[413]),
    ]
}

/// What a refusal speaks of.
fn told(reply: &Reply) -> Vec<String> {
    let problem: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    problem.as_object().expect("an object").keys().cloned().collect()
}

fn check(rig: &Rig, upstream: &Upstream, row: &Row, piece: usize) {
    let (before, noted) = (upstream.bytes(), rig.refusals());
    let answer = rig.send(&row.input, piece);
    let replies = Reply::all(&answer);
    assert_eq!(replies.len(), 1, "{}: {:?}", row.name, text(&answer));
    let reply = &replies[0];
    assert!(row.expect.contains(&reply.status), "{}: {}", row.name, reply.head);
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{}", row.name);
    assert_eq!(told(reply), ["code", "status", "title", "type"], "{}: {}", row.name, reply.body);
    assert_eq!(rig.refusals(), noted + 1, "{}: it is noted once", row.name);
    assert_eq!(upstream.bytes(), before, "{}: the backend saw something", row.name);
    let good = rig.get("/good", "");
    assert_eq!(good.status, 200, "{}: the next client", row.name);
}

#[test]
fn malformed_framing_is_refused_however_it_is_cut() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    for row in framing().into_iter().chain(lines()) {
        check(&rig, &upstream, &row, usize::MAX);
        check(&rig, &upstream, &row, 1);
    }
}

#[test]
fn a_request_without_one_meaning_is_refused() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    for row in hosts_and_targets() {
        check(&rig, &upstream, &row, usize::MAX);
        check(&rig, &upstream, &row, 1);
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    for row in large() {
        check(&rig, &upstream, &row, usize::MAX);
        check(&rig, &upstream, &row, 997);
    }
}

/// Bodies whose framing breaks after their head was good: the backend may have the head by then,
/// but never an end.
#[test]
fn broken_chunks_never_become_a_whole_request() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let long = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(64 * 1024));
    let bodies: Vec<(&str, &str)> = vec![
        ("H14 no CRLF after data", "5\r\nhello0\r\n\r\n"),
        ("H14 bare LF after data", "5\r\nhello\n0\r\n\r\n"),
        ("H14 CR X after data", "5\r\nhello\rX0\r\n\r\n"),
        ("H14 bare LF after size", "5\nhello\r\n0\r\n\r\n"),
        ("H15 LF in extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        ("H15 CR in extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        ("H15 long extension", &long),
        ("size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("size with a sign", "+5\r\nhello\r\n0\r\n\r\n"),
        ("size with a blank", "5 \r\nhello\r\n0\r\n\r\n"),
        ("size with a leading blank", " 5\r\nhello\r\n0\r\n\r\n"),
        ("size empty", "\r\nhello\r\n0\r\n\r\n"),
        ("size too large", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ("bare LF in trailers", "5\r\nhello\r\n0\r\nX: y\n\r\n"),
        ("folded trailers", "5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n"),
    ];
    for (name, body) in bodies {
        for piece in [usize::MAX, if body.len() > 1000 { 997 } else { 1 }] {
            let request = with("Transfer-Encoding: chunked\r\n") + body;
            let before = upstream.received().len();
            let answer = rig.send(request.as_bytes(), piece);
            let reply = Reply::of(&answer);
            assert!(matches!(reply.status, 400 | 413), "{name}: {}", text(&answer));
            assert_eq!(
                upstream.received().len(),
                before,
                "{name}: the backend got a whole request"
            );
            assert_eq!(rig.get("/good", "").status, 200, "{name}: the next client");
        }
    }
}

#[test]
fn trailers_that_would_be_believed_are_dropped() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let request = with("Transfer-Encoding: chunked\r\nConnection: close\r\n")
        + "5\r\nhello\r\n0\r\nContent-Length: 99\r\nHost: evil\r\nAuthorization: x\r\nX-User-Id: 1\r\nServer-Timing: a\r\n\r\n";
    assert_eq!(Reply::of(&rig.send(request.as_bytes(), 1)).status, 200);
    let received = upstream.received();
    assert_eq!(text(&received[0].body), "helloserver-timing: a");
    assert_eq!(received[0].header("host"), Some("bank.test"));
    assert_eq!(received[0].header("authorization"), None);
}

#[test]
fn of_twenty_pipelined_requests_those_before_the_bad_one_are_answered_and_none_after() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let mut requests: Vec<String> = (0..20).map(|number| get(&format!("/{number}"))).collect();
    requests[6] = "GET /6 HTTP/1.1\r\nHost : bank.test\r\n\r\n".to_owned();
    let replies = Reply::all(&rig.send(requests.concat().as_bytes(), usize::MAX));
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 400]);
    assert_eq!(upstream.received().len(), 6);
}

#[test]
fn the_rest_of_a_refused_body_never_becomes_a_request() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "[limits]\nbody_bytes_max = 10\n");
    let inner = get("/smuggled");
    let declared = with(&format!("Content-Length: {}\r\n", inner.len())) + &inner;
    let chunked = with("Transfer-Encoding: chunked\r\n")
        + &format!("{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len());
    for request in [declared, chunked] {
        for piece in [usize::MAX, 1] {
            let replies = Reply::all(&rig.send(request.as_bytes(), piece));
            assert_eq!(replies.len(), 1, "{replies:?}");
            assert_eq!(replies[0].status, 413);
        }
    }
    assert!(upstream.received().is_empty());
}

#[test]
fn a_client_that_waits_to_be_told_is_told_once_and_stays_in_step() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let second = "GET /second HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
    let request = with("Expect: 100-continue\r\nContent-Length: 5\r\n") + "hello" + second;
    let replies = Reply::all(&rig.send(request.as_bytes(), usize::MAX));
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 200], "the body was there: nothing had to be told");
    let received = upstream.received();
    assert_eq!(text(&received[0].body), "hello");
    assert_eq!(received[0].header("expect"), None);
    assert!(received[1].head.starts_with("GET /second "));
}

#[test]
fn an_upgrade_nobody_agreed_to_opens_no_tunnel() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let first =
        "GET /first HTTP/1.1\r\nHost: bank.test\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n";
    let second = "GET /second HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
    let replies = Reply::all(&rig.send(format!("{first}{second}").as_bytes(), usize::MAX));
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [200, 200]);
    let received = upstream.received();
    assert_eq!(received[0].header("upgrade"), None);
    assert!(received[1].head.starts_with("GET /second "));
}

#[test]
fn who_the_client_says_it_is_does_not_go_on() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let headers = "X-User-Id: 1\r\nX_User_Id: 1\r\nx-tenant: t\r\nX-Internal-Role: admin\r\nForwarded: for=1.2.3.4\r\n\
                   X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Real-IP: 1.2.3.4\r\n\
                   X-HTTP-Method-Override: DELETE\r\nAuthorization: Bearer t\r\n";
    assert_eq!(rig.get("/a?_method=DELETE", headers).status, 200);
    let received = &upstream.received()[0];
    for name in ["x-user-id", "x_user_id", "x-tenant", "x-internal-role", "forwarded", "x-real-ip"]
    {
        assert_eq!(received.header(name), None, "{name}");
    }
    assert_eq!(received.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(received.header("x-forwarded-proto"), Some("http"));
    assert_eq!(received.header("x-forwarded-host"), Some("bank.test"));
    assert_eq!(received.header("authorization"), Some("Bearer t"));
    assert!(received.head.starts_with("GET /a?_method=DELETE HTTP/1.1\r\n"));
}

#[test]
fn slow_clients_are_told_so_and_let_go() {
    let upstream = Upstream::start();
    let limits = "[limits]\nhead_wait = \"300ms\"\nslow_wait = \"300ms\"\n";
    let rig = Rig::before(&upstream, limits);
    assert_eq!(Reply::of(&rig.send(b"GET /a HTTP/1.1\r\nHost: ba", usize::MAX)).status, 408);
    let slow_body = with("Content-Length: 100\r\n") + "abc";
    assert_eq!(Reply::of(&rig.send(slow_body.as_bytes(), usize::MAX)).status, 408);
    assert!(upstream.received().is_empty());
    assert!(rig.send(b"", usize::MAX).is_empty(), "an idle connection is closed without a word");
}

#[test]
fn an_answer_before_the_body_is_over_leaves_nothing_of_the_body_to_be_a_request() {
    // The backend refuses as soon as it has the head, and hangs up.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut seen = Vec::new();
            let mut byte = [0];
            while !seen.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0)
            {
                seen.push(byte[0]);
            }
            if seen.starts_with(b"GET ") {
                super::rig::say(&mut stream, "good");
                continue;
            }
            assert!(seen.starts_with(b"POST /a "), "{}", text(&seen));
            drop(stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"));
        }
    });
    let rig = Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://{at}\"]\n[routes.all]\nto = \"one\"\n"
    ));
    let inner = "POST /smuggled HTTP/1.1\r\nHost: bank.test\r\nContent-Length: 0\r\n\r\n";
    for length in [inner.len() + 4096, 3_000_000] {
        let body = inner.to_owned() + &"x".repeat(length - inner.len());
        let head = with(&format!("Content-Length: {length}\r\n"));
        // Head and body apart: the answer comes while the body is still on its way.
        let mut stream = std::net::TcpStream::connect(rig.address).expect("a connection");
        stream.set_read_timeout(Some(super::rig::PATIENCE)).expect("a timeout");
        stream.write_all(head.as_bytes()).expect("a head");
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(text(&answer), "HTTP/1.1 401");
        // It may have closed: then nothing of this is read at all.
        drop(stream.write_all(body.as_bytes()));
        drop(stream.shutdown(std::net::Shutdown::Write));
        drop(stream.read_to_end(&mut answer));
        assert_eq!(Reply::all(&answer).len(), 1, "{}", text(&answer));
        assert_eq!(rig.get("/good", "").body, "good");
    }
}
