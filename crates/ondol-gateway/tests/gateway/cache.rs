//! Answers that are given again: while they are fresh, to whom they may be given, and to nobody else.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ondol_doors::{Clock, ManualClock};
use ondol_gateway::{Config, Purged, Surroundings};
use ondol_kernel::Timestamp;

use super::rig::{Received, Reply, Rig, Upstream, until};

/// A backend whose answers can be told what to say; each has its number for a body.
struct Origin {
    upstream: Upstream,
    head: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
    ill: Arc<AtomicBool>,
}

impl Origin {
    fn saying(head: &str) -> Self {
        let head = Arc::new(Mutex::new(head.to_owned()));
        let (asked, ill): (Arc<AtomicUsize>, Arc<AtomicBool>) = Default::default();
        let (says, number, is_ill) = (Arc::clone(&head), Arc::clone(&asked), Arc::clone(&ill));
        let upstream = Upstream::answering(move |received, stream| {
            let number = number.fetch_add(1, Ordering::SeqCst) + 1;
            let head = says.lock().expect("what to say").clone();
            if is_ill.load(Ordering::SeqCst) {
                return write!(stream, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n").is_ok();
            }
            answer(received, stream, &head, number)
        });
        Self { upstream, head, asked, ill }
    }

    fn says(&self, head: &str) {
        head.clone_into(&mut self.head.lock().expect("what to say"));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn is_ill(&self, ill: bool) {
        self.ill.store(ill, Ordering::SeqCst);
    }

    fn rig(&self, cache: &str) -> (Rig, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        let door: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let text = format!(
            "listen = [\"127.0.0.1:0\"]\nworkers = 1\n[backends.one]\nendpoints = [\"http://{}\"]\n\
             [routes.all]\nto = \"one\"\ncache = {{ {cache} }}\n",
            self.upstream.address
        );
        let config = Config::read("gateway.toml", &text).expect("good");
        (Rig::around(config, Surroundings { clock: door, ..Surroundings::default() }), clock)
    }
}

fn answer(received: &Received, stream: &mut TcpStream, head: &str, number: usize) -> bool {
    let tag = head.lines().find_map(|line| line.strip_prefix("ETag: "));
    if tag.is_some() && tag == received.header("if-none-match") {
        return write!(stream, "HTTP/1.1 304 Same\r\n{head}\r\n").is_ok();
    }
    if received.head.starts_with("GET /slow") {
        // Long enough that others come meanwhile.
        std::thread::park_timeout(Duration::from_millis(200));
    }
    let body = number.to_string();
    if received.head.starts_with("GET /cut") {
        return write!(stream, "HTTP/1.1 200 OK\r\n{head}Content-Length: 100\r\n\r\n{body}")
            .is_err();
    }
    let body = if received.head.starts_with("HEAD") { String::new() } else { body };
    let length = number.to_string().len();
    write!(stream, "HTTP/1.1 200 OK\r\n{head}Content-Length: {length}\r\n\r\n{body}").is_ok()
}

fn status(reply: &Reply) -> &str {
    reply.header("cache-status").unwrap_or_default()
}

#[test]
fn a_fresh_answer_is_given_again_with_its_age() {
    let origin = Origin::saying("Cache-Control: max-age=60\r\n");
    let (rig, clock) = origin.rig("");
    let first = rig.get("/a", "");
    assert_eq!((first.body.as_str(), status(&first)), ("1", "ondol; fwd=uri-miss; stored"));
    clock.advance(Duration::from_secs(59));
    let again = rig.get("/a", "");
    assert_eq!((again.status, again.body.as_str()), (200, "1"));
    assert_eq!((again.header("age"), status(&again)), (Some("59"), "ondol; hit; ttl=1"));
    for other in ["/a?x=1", "/A", "/a/"] {
        assert_ne!(rig.get(other, "").body, "1", "{other}");
    }
    let raw = rig.send(b"HEAD /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n", 1000);
    let text = String::from_utf8_lossy(&raw);
    assert!(text.contains("content-length: 1\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    let asked = origin.asked();
    clock.advance(Duration::from_secs(1));
    assert_eq!(rig.get("/a", "").body, (asked + 1).to_string(), "it was over");
    let hits = "ondol_gateway_cache_requests_total{route=\"all\",outcome=\"hit\"}";
    assert_eq!(rig.metric(hits), Some(2));
}

#[test]
fn what_does_not_say_that_it_is_fresh_is_asked_for_each_time() {
    for head in [
        "",
        "Cache-Control: no-store\r\n",
        "Cache-Control: private, max-age=60\r\n",
        "Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\n",
        "Cache-Control: max-age=60\r\nVary: *\r\n",
        "Cache-Control: max-age=60\r\nVary: X-Forwarded-For\r\n",
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
    ] {
        let origin = Origin::saying(head);
        let (rig, _clock) = origin.rig("");
        assert_eq!((rig.get("/a", "").body, rig.get("/a", "").body), ("1".into(), "2".into()));
    }
    let origin = Origin::saying("");
    let (rig, clock) = origin.rig("fresh = \"30s\"");
    assert_eq!((rig.get("/a", "").body, rig.get("/a", "").body), ("1".into(), "1".into()));
    clock.advance(Duration::from_secs(31));
    assert_eq!(rig.get("/a", "").body, "2");
}

#[test]
fn nobody_gets_what_was_answered_to_another() {
    let who = ["Authorization: Bearer k\r\n", "Cookie: s=k\r\n", "X-Api-Key: k\r\n"];
    for one in who {
        let other = one.replace('k', "l");
        let origin = Origin::saying("Cache-Control: max-age=60\r\n");
        let (rig, _clock) = origin.rig("");
        assert_eq!(rig.get("/a", one).body, "1");
        assert_eq!(rig.get("/a", one).body, "2", "{one}: nobody has said that it may be stored");
        assert_eq!(rig.get("/a", "").body, "3");
        assert_eq!(rig.get("/a", "").body, "3", "what is for nobody in particular is stored");
        assert_eq!(rig.get("/a", one).body, "4", "and given to nobody in particular");
        origin.says("Cache-Control: max-age=60, must-revalidate\r\n");
        assert_eq!(rig.get("/own", one).body, rig.get("/own", one).body, "his own is stored");
        assert_ne!(rig.get("/own", &other).body, rig.get("/own", one).body, "and is his own");
        assert_ne!(rig.get("/own", "").body, rig.get("/own", one).body);
        origin.says("Cache-Control: max-age=60, public\r\n");
        assert_eq!(rig.get("/all", one).body, rig.get("/all", &other).body);
        assert_eq!(rig.get("/all", one).body, rig.get("/all", "").body);
    }
}

#[test]
fn an_answer_goes_to_those_who_ask_as_it_was_asked_for() {
    let origin = Origin::saying("Cache-Control: max-age=60\r\nVary: Accept-Language\r\n");
    let (rig, _clock) = origin.rig("");
    let ask = |language: &str| rig.get("/a", &format!("Accept-Language: {language}\r\n"));
    assert_eq!((ask("ko").body, ask("en").body), ("1".into(), "2".into()));
    assert_eq!((ask("ko").body, ask("en").body), ("1".into(), "2".into()));
    assert_eq!(status(&ask("de")), "ondol; fwd=vary-miss; stored");
}

#[test]
fn what_is_no_longer_fresh_is_asked_about() {
    let origin = Origin::saying("Cache-Control: max-age=60\r\nETag: \"1\"\r\nX-News: old\r\n");
    let (rig, clock) = origin.rig("");
    assert_eq!(rig.get("/a", "").body, "1");
    let known = rig.get("/a", "If-None-Match: W/\"1\"\r\n");
    assert_eq!((known.status, known.body.as_str()), (304, ""));
    clock.advance(Duration::from_secs(60));
    origin.says("Cache-Control: max-age=5\r\nETag: \"1\"\r\nX-News: new\r\n");
    origin.upstream.take();
    let again = rig.get("/a", "If-None-Match: \"other\"\r\n");
    assert_eq!((again.status, again.body.as_str(), again.header("age")), (200, "1", Some("0")));
    assert_eq!(again.header("x-news"), Some("new"), "headers are those of the news");
    assert_eq!(status(&again), "ondol; fwd=stale; fwd-status=304; stored");
    let received = origin.upstream.take();
    assert_eq!(received[0].header("if-none-match"), Some("\"1\""), "our own question");
    clock.advance(Duration::from_secs(4));
    assert!(status(&rig.get("/a", "")).starts_with("ondol; hit"));
    clock.advance(Duration::from_secs(1));
    origin.says("Cache-Control: max-age=5\r\nETag: \"2\"\r\n");
    let new = rig.get("/a", "If-None-Match: \"2\"\r\n");
    assert_eq!(new.status, 304, "the client has what has come");
    assert_eq!(rig.get("/a", "").header("etag"), Some("\"2\""));
}

#[test]
fn many_who_want_the_same_ask_once() {
    let origin = Origin::saying("Cache-Control: max-age=60\r\n");
    let (rig, _clock) = origin.rig("");
    let bodies: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..30).map(|_| scope.spawn(|| rig.get("/slow", ""))).collect();
        asking.into_iter().map(|asking| asking.join().expect("an answer").body).collect()
    });
    assert!(bodies.iter().all(|body| body == "1"), "{bodies:?}");
    assert_eq!(origin.asked(), 1);
}

#[test]
fn those_who_cannot_share_an_answer_do_not_wait_for_each_other_long() {
    let origin = Origin::saying("Cache-Control: no-store\r\n");
    let (rig, _clock) = origin.rig("");
    let began = ondol_doors::SystemClock::start();
    let bodies: std::collections::BTreeSet<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..20).map(|_| scope.spawn(|| rig.get("/slow", ""))).collect();
        asking.into_iter().map(|asking| asking.join().expect("an answer").body).collect()
    });
    assert_eq!((bodies.len(), origin.asked()), (20, 20), "each has his own");
    assert!(began.running() < Duration::from_secs(3), "one after another would take four seconds");
}

#[test]
fn an_old_answer_is_given_while_it_is_asked_for_anew() {
    let origin = Origin::saying("Cache-Control: max-age=10, stale-while-revalidate=20\r\n");
    let (rig, clock) = origin.rig("");
    assert_eq!(rig.get("/a", "").body, "1");
    clock.advance(Duration::from_secs(15));
    let stale = rig.get("/a", "");
    assert_eq!((stale.body.as_str(), stale.header("age")), ("1", Some("15")));
    assert_eq!(status(&stale), "ondol; hit; detail=stale-while-revalidate");
    until("it is asked for behind", || rig.get("/a", "").body == "2");
    assert_eq!(origin.asked(), 2, "once");
    clock.advance(Duration::from_secs(31));
    assert_eq!(rig.get("/a", "").body, "3", "what is too old is waited for");
}

#[test]
fn an_old_answer_stands_in_for_a_failure_if_it_may() {
    let origin = Origin::saying("Cache-Control: max-age=10, stale-if-error=20\r\n");
    let (rig, clock) = origin.rig("");
    assert_eq!(rig.get("/a", "").body, "1");
    origin.is_ill(true);
    clock.advance(Duration::from_secs(15));
    let stale = rig.get("/a", "");
    assert_eq!((stale.status, stale.body.as_str()), (200, "1"));
    assert_eq!(status(&stale), "ondol; fwd=stale; fwd-status=503; detail=stale-if-error");
    assert_eq!(rig.get("/a", "Cache-Control: no-cache\r\n").status, 503, "who will have it new");
    clock.advance(Duration::from_secs(15));
    assert_eq!(rig.get("/a", "").status, 503, "it is too old for that");
    let origin = Origin::saying("Cache-Control: max-age=10, must-revalidate\r\n");
    let (rig, clock) = origin.rig("stale_if_error = \"1h\", stale_while_revalidate = \"1h\"");
    assert_eq!(rig.get("/a", "").body, "1");
    origin.is_ill(true);
    clock.advance(Duration::from_secs(15));
    assert_eq!(rig.get("/a", "").status, 503, "the answer says that it may not");
}

#[test]
fn a_change_makes_what_is_stored_doubtful() {
    let origin = Origin::saying(
        "Cache-Control: max-age=60\r\nContent-Location: /other\r\nLocation: http://else.test/b\r\n",
    );
    let (rig, _clock) = origin.rig("");
    for path in ["/a", "/other", "/b"] {
        rig.get(path, "");
    }
    let change = |origin: &Origin, ill| {
        origin.is_ill(ill);
        let post = "POST /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
        let reply = Reply::of(&rig.send(post.as_bytes(), 1000));
        origin.is_ill(false);
        reply.status
    };
    assert_eq!(change(&origin, true), 503);
    assert!(status(&rig.get("/a", "")).starts_with("ondol; hit"), "nothing was changed");
    assert_eq!(change(&origin, false), 200);
    assert!(status(&rig.get("/a", "")).contains("uri-miss"));
    assert!(status(&rig.get("/other", "")).contains("uri-miss"), "the answer names it as well");
    assert!(status(&rig.get("/b", "")).starts_with("ondol; hit"), "another host's is not ours");
}

#[test]
fn what_was_asked_for_before_a_change_is_not_stored_after_it() {
    let origin = Origin::saying("Cache-Control: max-age=60\r\n");
    let (rig, _clock) = origin.rig("");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| rig.get("/slow", ""));
        until("the backend is asked", || !origin.upstream.received().is_empty());
        let url = Purged::Url("https://bank.test/slow".to_owned());
        assert_eq!(rig.handle.purge(None, &url), Ok(0));
        assert_eq!(asking.join().expect("an answer").body, "1");
    });
    assert_eq!(rig.get("/slow", "").body, "2");
}

#[test]
fn stored_answers_are_purged_by_address_path_and_tag() {
    let origin = Origin::saying("Cache-Control: max-age=60\r\nCache-Tag: books, user-7\r\n");
    let (rig, _clock) = origin.rig("");
    let paths = ["/shop/a", "/shop/b?x=1", "/shopping", "/c"];
    let fill = || paths.map(|path| rig.get(path, ""));
    let hits = || paths.map(|path| status(&rig.get(path, "")).starts_with("ondol; hit"));
    let purge = |what| rig.handle.purge(Some("all"), &what).expect("understood");
    fill();
    assert_eq!(purge(Purged::Url("http://bank.test/shop/b?x=1".to_owned())), 1);
    assert_eq!(hits(), [true, false, true, true]);
    assert_eq!(purge(Purged::Below("https://bank.test/shop/".to_owned())), 2);
    assert_eq!(hits(), [false, false, true, true]);
    assert_eq!(purge(Purged::Below("https://else.test/".to_owned())), 0);
    assert_eq!(purge(Purged::Tag("books".to_owned())), 4);
    fill();
    assert_eq!(purge(Purged::Tag("book".to_owned())), 0);
    assert_eq!(rig.handle.purge(Some("none"), &Purged::Everything), Ok(0));
    assert_eq!(purge(Purged::Everything), 4);
    assert_eq!(hits(), [false; 4]);
    assert!(rig.handle.purge(None, &Purged::Url("shop".to_owned())).is_err());
}

#[test]
fn what_asks_for_something_special_goes_past_the_cache() {
    let origin = Origin::saying("Cache-Control: max-age=60\r\n");
    let (rig, _clock) = origin.rig("");
    rig.get("/a", "");
    for (headers, told) in [
        ("Range: bytes=0-0\r\n", "ondol; fwd=bypass"),
        ("If-Match: \"1\"\r\n", "ondol; fwd=bypass"),
        ("Cache-Control: no-store\r\n", "ondol; fwd=request"),
    ] {
        assert_eq!(status(&rig.get("/a", headers)), told);
    }
    assert_eq!(rig.get("/a", "Cache-Control: no-cache\r\n").body, "5", "it is asked for anew");
    assert_eq!(rig.get("/a", "Cache-Control: only-if-cached\r\n").body, "5", "and stored");
    let none = rig.get("/b", "Cache-Control: only-if-cached\r\n");
    assert_eq!(none.status, 504);
    assert!(none.body.contains("gateway-not-stored"));
    let (rig, _clock) = origin.rig("obey_clients = false");
    rig.get("/a", "");
    assert!(status(&rig.get("/a", "Cache-Control: no-cache\r\n")).starts_with("ondol; hit"));
}

#[test]
fn half_an_answer_is_stored_for_nobody() {
    let origin = Origin::saying("Cache-Control: max-age=60\r\n");
    let (rig, _clock) = origin.rig("");
    assert_eq!(rig.get("/cut", "").status, 502);
    assert_eq!(rig.get("/cut", "").status, 502);
    assert_eq!(origin.asked(), 2);
    let (rig, _clock) = origin.rig("answer_bytes_max = 1, bytes_max = 100000");
    for path in 3..10 {
        rig.get(&format!("/{path}"), "");
    }
    assert_eq!((rig.get("/a", "").body, rig.get("/a", "").body), ("10".into(), "11".into()));
    assert_eq!(status(&rig.get("/a", "")), "ondol; fwd=miss", "what is too long passes");
}

#[test]
fn what_is_stored_lives_through_a_reload_of_others_and_not_of_its_own_route() {
    let origin = Origin::saying("Cache-Control: max-age=60\r\n");
    let (rig, _clock) = origin.rig("");
    rig.get("/a", "");
    let text = format!(
        "[backends.one]\nendpoints = [\"http://{}\"]\n[routes.all]\nto = \"one\"\ncache = {{}}\n",
        origin.upstream.address
    );
    rig.reload(&format!("{text}[routes.b]\npath = \"/b\"\nrespond = {{ status = 200 }}\n"));
    assert!(status(&rig.get("/a", "")).starts_with("ondol; hit"));
    rig.reload(&text.replace("cache", "rewrite = \"/b\"\ncache"));
    assert!(status(&rig.get("/a", "")).contains("miss"), "another address may have another answer");
}

#[test]
fn a_cache_that_does_nothing_is_found_in_the_file() {
    for (route, what) in [
        ("respond = { status = 200 }\ncache = {}", "what is answered here"),
        ("to = \"b\"\nmethod = \"POST\"\ncache = {}", "only answers to GET"),
        ("to = \"b\"\ncache = { fresh = \"0s\" }", "no time at all"),
        ("to = \"b\"\ncache = { answer_bytes_max = 0 }", "`answer_bytes_max` is at least 1"),
        ("to = \"b\"\ncache = { frehs = \"1s\" }", "unknown key `frehs`; did you mean `fresh`"),
    ] {
        let text = format!("[backends.b]\nendpoints = []\n[routes.all]\n{route}\n");
        let found = Config::read("gateway.toml", &text).expect_err(route).to_string();
        assert!(found.contains(what), "{found}");
    }
}
