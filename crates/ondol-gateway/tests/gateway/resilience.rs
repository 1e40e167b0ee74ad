//! Backends that fail, and what their guards make of it.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ondol_gateway::Config;

use super::rig::{Reply, Rig, Upstream, send};

fn switchable(works: &Arc<AtomicBool>) -> Upstream {
    let works = Arc::clone(works);
    Upstream::answering(move |_, stream| {
        let answer: &[u8] = match works.load(Ordering::SeqCst) {
            true => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            false => b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        };
        stream.write_all(answer).is_ok()
    })
}

#[test]
fn the_three_breakers_open_after_their_failures_and_fall_back() {
    let works = Arc::new(AtomicBool::new(false));
    let (cdn, payment, recommendation) =
        (switchable(&works), switchable(&works), switchable(&works));
    let cache = Upstream::start();
    let shipped = include_str!("../../examples/stream.toml");
    let text = shipped
        .replace("127.0.0.1:8080", "127.0.0.1:0")
        .replace("127.0.0.1:9101", &cdn.address.to_string())
        .replace("127.0.0.1:9102", &payment.address.to_string())
        .replace("127.0.0.1:9103", &recommendation.address.to_string())
        .replace("127.0.0.1:9104", &cache.address.to_string());
    let rig = Rig::with(Config::read("stream.toml", &text).expect("the shipped example"));
    for (path, upstream, failures) in [
        ("/cdn/film", &cdn, 5),
        ("/payment/pay", &payment, 3),
        ("/recommendation/kim", &recommendation, 10),
    ] {
        for _ in 0..failures + 10 {
            assert!(rig.get(path, "").status < 500, "{path} always has an answer");
        }
        assert_eq!(upstream.received().len(), failures, "{path}: then the backend is left alone");
    }
    assert_eq!(rig.get("/cdn/film", "").body, "GET /cdn/film HTTP/1.1", "from the local cache");
    assert_eq!(rig.get("/payment/pay", "").status, 202, "paid later");
    assert!(rig.get("/recommendation/kim", "").body.contains("popular"));
    assert!(rig.handle.metrics().contains("ondol_gateway_breaker_open{backend=\"cdn\"} 1"));
}

#[test]
fn an_open_breaker_stays_open_through_a_reload_and_is_shared_by_routes() {
    let works = Arc::new(AtomicBool::new(false));
    let upstream = switchable(&works);
    let text = |more: &str| {
        format!(
            "[backends.one]\nendpoints = [\"http://{}\"]\nbreaker = {{ failures_in_a_row = 3 }}\n\
             [routes.a]\npath = \"/a\"\nto = \"one\"\n[routes.b]\npath = \"/b\"\nto = \"one\"\n{more}",
            upstream.address
        )
    };
    let rig = Rig::start(&text(""));
    for path in ["/a", "/b", "/a"] {
        assert_eq!(rig.get(path, "").status, 500);
    }
    let config =
        Config::read("next.toml", &text("timeout = \"5s\"\n")).expect("a good configuration");
    rig.handle.reload(config).expect("a reload");
    for path in ["/a", "/b"] {
        let reply = rig.get(path, "");
        assert_eq!(reply.status, 503);
        assert!(reply.body.contains("gateway-breaker-open"), "{}", reply.body);
        assert!(reply.header("retry-after").is_some());
    }
    assert_eq!(upstream.received().len(), 3);
}

#[test]
fn an_instance_that_fails_is_left_out_and_the_others_serve() {
    let works = Arc::new(AtomicBool::new(false));
    let (bad, good, other) = (switchable(&works), Upstream::start(), Upstream::start());
    let rig = Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://{}\", \"http://{}\", \"http://{}\"]\n\
         balancer = {{ strategy = \"round_robin\", outlier = {{ upstream_failures_in_a_row = 5 }} }}\n\
         [routes.all]\nto = \"one\"\n",
        bad.address, good.address, other.address
    ));
    let failed = (0..120).filter(|_| rig.get("/a", "").status == 500).count();
    assert_eq!(failed, 5);
    assert_eq!(bad.received().len(), 5);
    assert!(good.received().len().abs_diff(other.received().len()) <= 5);
}

#[test]
fn retries_are_for_what_may_be_done_twice_and_never_more_than_their_budget() {
    let upstream = Upstream::answering(|_, stream| {
        stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").is_ok()
    });
    let rig = Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://{}\"]\n[backends.one.retry]\nattempts_max = 3\n\
         backoff_first = \"0s\"\nbudget = {{ share = 0.2, window = \"5m\", floor = 3 }}\n\
         [routes.all]\nto = \"one\"\n",
        upstream.address
    ));
    let ask = |method: &str, more: &str| {
        let request = format!(
            "{method} /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n{more}Content-Length: 0\r\n\r\n"
        );
        let before = upstream.received().len();
        assert_eq!(Reply::of(&send(rig.address, request.as_bytes(), usize::MAX)).status, 503);
        upstream.received().len() - before
    };
    assert_eq!(ask("POST", ""), 1, "nobody knows whether it was done");
    assert_eq!(ask("POST", "Idempotency-Key: 7\r\n"), 3, "it says that it may be done twice");
    // One of the three is left, and the requests that follow earn one more for each five.
    let sent: usize = (0..98).map(|_| ask("GET", "")).sum();
    assert_eq!(sent - 98, 20 - 2, "a fifth of all hundred, of which two are spent");
}
