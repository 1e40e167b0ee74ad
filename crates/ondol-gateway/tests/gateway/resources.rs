//! Clients that hold on to what they were given: slow ones, idle ones, ones that never read, and
//! bodies that are larger than they look. Rows R11 to R14, G11 and G12 of the attack table.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::rig::{
    PATIENCE, Reply, Rig, Upstream, may_open, memory_peak, text, until, until_within,
};

fn open(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("nodelay");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// Sends a byte every now and then until the gateway has had enough; its answer.
fn dribble(address: SocketAddr, at_once: &[u8], then: &[u8]) -> Reply {
    let mut stream = open(address);
    stream.write_all(at_once).expect("bytes sent");
    let mut reading = stream.try_clone().expect("the same connection");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for byte in then.iter().cycle().take(3000) {
                if stream.write_all(&[*byte]).is_err() {
                    return;
                }
                std::thread::park_timeout(Duration::from_millis(10));
            }
        });
        let mut answer = Vec::new();
        // A reset after the answer is an end as good as any.
        drop(reading.read_to_end(&mut answer));
        Reply::of(&answer)
    })
}

#[test]
fn r11_a_head_or_a_body_that_dribbles_is_let_go() {
    let upstream = Upstream::start();
    let limits =
        "[limits]\nhead_wait = \"400ms\"\nslow_wait = \"400ms\"\nbytes_a_second_min = 1000\n";
    let rig = Rig::before(&upstream, limits);
    let reply = dribble(rig.address, b"GET /a HTTP/1.1\r\nHost: bank.test\r\nX-A: ", b"x");
    assert_eq!(reply.status, 408, "{}", reply.head);
    let head = b"POST /a HTTP/1.1\r\nHost: bank.test\r\nContent-Length: 100000\r\n\r\n";
    let reply = dribble(rig.address, head, b"x");
    assert_eq!(reply.status, 408, "{}", reply.head);
    assert!(reply.body.contains("gateway-body-too-slow"), "{}", reply.body);
    let head = b"POST /a HTTP/1.1\r\nHost: bank.test\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(dribble(rig.address, head, b"1\r\nx\r\n").status, 408);
    assert!(upstream.received().is_empty());
    assert_eq!(rig.get("/good", "").status, 200);
}

#[test]
fn r12_the_oldest_idle_connection_makes_room_for_a_new_client() {
    const PLACES: usize = 200;
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, &format!("[limits]\nconnections_max = {PLACES}\n"));
    let mut busy = open(rig.address);
    busy.write_all(b"POST /a HTTP/1.1\r\nHost: bank.test\r\nContent-Length: 5\r\n\r\nhe")
        .expect("sent");
    until("the busy one is in", || rig.metric("ondol_gateway_connections ") == Some(1));
    let mut idle: Vec<_> = (0..PLACES * 2).map(|_| open(rig.address)).collect();
    until("the first ones have left", || {
        rig.metric("ondol_gateway_connections ").is_some_and(|open| open <= PLACES as u64)
    });
    assert_eq!(rig.get("/good", "").status, 200, "a new client is served at once");
    assert_eq!(idle[0].read(&mut [0]).expect("a farewell"), 0, "the oldest is gone");
    let last = idle.last_mut().expect("the newest");
    last.write_all(b"GET /good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    last.read_to_end(&mut answer).expect("an answer");
    assert_eq!(Reply::of(&answer).status, 200, "the newest has stayed");
    busy.write_all(b"llo").expect("the rest");
    let mut answer = [0; 12];
    busy.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200", "who is being served stays");
    let evicted = rig.metric("ondol_gateway_connections_evicted_total ");
    assert!(evicted.is_some_and(|evicted| evicted > PLACES as u64 - 10), "{evicted:?}");
}

fn packed(bytes: usize, gzip: bool) -> Vec<u8> {
    let (plain, best) = (vec![b'0'; bytes], Compression::best());
    let mut out = Vec::new();
    let done = match gzip {
        true => GzEncoder::new(&mut out, best).write_all(&plain),
        false => ZlibEncoder::new(&mut out, best).write_all(&plain),
    };
    done.expect("memory");
    out
}

fn send_packed(rig: &Rig, coding: &str, body: &[u8], chunked: bool) -> Reply {
    let mut request = format!(
        "POST /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\nContent-Encoding: {coding}\r\n"
    );
    if chunked {
        request += &format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len());
    } else {
        request += &format!("Content-Length: {}\r\n\r\n", body.len());
    }
    let end: &[u8] = if chunked { b"\r\n0\r\n\r\n" } else { b"" };
    Reply::of(&rig.send(&[request.as_bytes(), body, end].concat(), usize::MAX))
}

#[test]
fn r13_what_unfolds_to_more_than_the_limit_is_refused_and_what_does_not_goes_on_as_it_came() {
    let upstream = Upstream::start();
    let rig =
        Rig::before(&upstream, "[limits]\nbody_bytes_max = 1000000\ncodings_passed = [\"br\"]\n");
    // A gigabyte in a megabyte: as many members as it takes, which unfold one after the other.
    let bomb = packed(32 * 1024 * 1024, true).repeat(32);
    assert!(bomb.len() < 1_100_000, "it looks small");
    let before = memory_peak();
    for chunked in [false, true] {
        assert_eq!(send_packed(&rig, "gzip", &bomb, chunked).status, 413);
        assert_eq!(send_packed(&rig, "x-GZIP", &bomb, chunked).status, 413);
        assert_eq!(send_packed(&rig, "deflate", &packed(2_000_000, false), chunked).status, 413);
        // Two members, each within the limit.
        let two = packed(700_000, true).repeat(2);
        assert_eq!(send_packed(&rig, "gzip", &two, chunked).status, 413);
        assert_eq!(send_packed(&rig, "gzip", b"nonsense, not folded at all", chunked).status, 400);
        for coding in ["zstd", "gzip, gzip", "compress", ""] {
            assert_eq!(send_packed(&rig, coding, b"x", chunked).status, 415, "{coding}");
        }
    }
    assert!(upstream.received().is_empty(), "nothing whole has arrived");
    let grown = memory_peak() - before;
    assert!(grown < 64 * 1024, "{grown} KiB");
    let good = packed(500_000, true);
    for coding in ["gzip", "br", "identity"] {
        assert_eq!(send_packed(&rig, coding, &good, false).status, 200, "{coding}");
        let received = upstream.take();
        assert_eq!(received[0].body, good);
        assert_eq!(received[0].header("content-encoding"), Some(coding));
    }
}

/// Sends without end, whatever was asked for.
fn endless(upgrade: bool) -> Upstream {
    Upstream::answering(move |received, stream| {
        if received.head.starts_with("GET /good ") {
            return super::rig::say(stream, "good");
        }
        let head: &[u8] = match upgrade {
            true => b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            false => b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
        };
        let event = [b'x'; 16 * 1024];
        if stream.write_all(head).is_err() {
            return false;
        }
        while stream.write_all(&event).is_ok() {}
        false
    })
}

#[test]
fn r14_subscribers_that_never_read_are_dropped_and_others_are_served() {
    const SUBSCRIBERS: usize = 1_000;
    // As many as a backend's queue of connections holds: whoever finds it full is told that the
    // backend cannot be reached, and may then stay for as long as any idle client.
    const AT_ONCE: usize = 50;
    const LONG: Duration = Duration::from_secs(60);
    may_open(SUBSCRIBERS * 4 + 500);
    for upgrade in [false, true] {
        let upstream = endless(upgrade);
        let at = upstream.address;
        let rig = Rig::start(&format!(
            "[limits]\nslow_wait = \"4s\"\nbytes_a_second_min = 100000\n\
             [backends.one]\nendpoints = [\"http://{at}\"]\nconnect_wait = \"30s\"\n\
             [routes.all]\nto = \"one\"\n"
        ));
        let wish = if upgrade { "Connection: upgrade\r\nUpgrade: websocket\r\n" } else { "" };
        let mut deaf = Vec::with_capacity(SUBSCRIBERS);
        while deaf.len() < SUBSCRIBERS {
            deaf.extend((0..AT_ONCE).map(|_| {
                let mut stream = open(rig.address);
                let request = format!("GET /events HTTP/1.1\r\nHost: bank.test\r\n{wish}\r\n");
                stream.write_all(request.as_bytes()).expect("a request");
                stream
            }));
            // On a busy machine the first may be dropped before the last are in.
            until_within(LONG, "these are in", || upstream.received().len() >= deaf.len());
        }
        assert!(rig.metric("ondol_gateway_connections ") > Some(0), "some are there");
        let good = rig.get("/good", "");
        assert_eq!((good.status, good.body.as_str()), (200, "good"));
        until_within(LONG, "all are dropped", || {
            rig.metric("ondol_gateway_connections ") == Some(0)
        });
        assert_eq!(rig.refusals(), 0, "all were subscribers");
        drop(deaf);
    }
}

#[test]
fn g11_and_g12_the_public_port_has_nothing_of_ours() {
    let rig = Rig::start("admin = \"127.0.0.1:0\"\n");
    for path in ["/metrics", "/livez", "/readyz", "/backends/one/instances/a", "/debug", "/"] {
        let reply = rig.get(path, "");
        assert_eq!(reply.status, 404, "{path}");
        assert!(
            !text(reply.head.as_bytes()).to_ascii_lowercase().contains("\r\nserver:"),
            "{path}"
        );
    }
}
