//! What a route answers when its backend has no good answer: the last good one, if there is one.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ondol_doors::{Clock, ManualClock};
use ondol_gateway::{Config, Surroundings};
use ondol_kernel::Timestamp;

use super::rig::{Received, Reply, Rig, Upstream};

/// A backend that can be told to fail. It says how often it was asked, and `more` in its head.
fn moody(more: &'static str) -> (Upstream, Arc<AtomicBool>) {
    let well = Arc::new(AtomicBool::new(true));
    let (asked, is_well) = (AtomicUsize::new(0), Arc::clone(&well));
    let upstream = Upstream::answering(move |received, stream| {
        let number = asked.fetch_add(1, Ordering::Relaxed) + 1;
        match is_well.load(Ordering::Relaxed) {
            true => good(received, stream, number, more),
            false => write!(stream, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n").is_ok(),
        }
    });
    (upstream, well)
}

fn good(received: &Received, stream: &mut TcpStream, number: usize, more: &str) -> bool {
    let line = received.head.lines().next().unwrap_or_default();
    let body = format!("{number}: {line}");
    if received.head.starts_with("GET /chunked") {
        let (one, two) = body.split_at(4);
        let head = format!("HTTP/1.1 200 OK\r\n{more}Transfer-Encoding: chunked\r\n\r\n");
        let first = write!(stream, "{head}{:x}\r\n{one}\r\n", one.len()).and(stream.flush());
        // In two pieces, so that the answer has begun before it is whole.
        std::thread::park_timeout(Duration::from_millis(20));
        return first.and(write!(stream, "{:x}\r\n{two}\r\n0\r\n\r\n", two.len())).is_ok();
    }
    if received.head.starts_with("GET /large") {
        let body = "x".repeat(100_000);
        return write!(stream, "HTTP/1.1 200 OK\r\n{more}Content-Length: 100000\r\n\r\n{body}")
            .is_ok();
    }
    write!(stream, "HTTP/1.1 200 OK\r\n{more}Content-Length: {}\r\n\r\n{body}", body.len()).is_ok()
}

fn text(upstream: &Upstream, fallback: &str) -> String {
    format!(
        "listen = [\"127.0.0.1:0\"]\nworkers = 1\n[backends.one]\nendpoints = [\"http://{}\"]\n\
         [routes.all]\nto = \"one\"\nfallback = {{ {fallback}, on = [502, 503, 504] }}\n",
        upstream.address
    )
}

fn rig(upstream: &Upstream, fallback: &str) -> Rig {
    Rig::with(Config::read("gateway.toml", &text(upstream, fallback)).expect("good"))
}

#[test]
fn the_last_good_answer_stands_in_for_one_that_is_not_there() {
    let (upstream, well) = moody("");
    let rig = rig(&upstream, "kept = \"10m\"");
    let fresh = rig.get("/a", "");
    assert_eq!((fresh.status, fresh.header("age")), (200, None));
    assert_eq!(rig.get("/a", "").body, "2: GET /a HTTP/1.1", "it is asked while it is well");
    let chunked = rig.get("/chunked?x=1", "");
    assert_eq!(rig.get("/large", "").body.len(), 100_000);
    well.store(false, Ordering::Relaxed);
    let kept = rig.get("/a", "");
    assert_eq!((kept.status, kept.body.as_str()), (200, "2: GET /a HTTP/1.1"), "the last one");
    assert_eq!(kept.header("age"), Some("0"));
    let kept = rig.get("/chunked?x=1", "");
    assert!(kept.body.ends_with("GET /chunked?x=1 HTTP/1.1"), "{}", kept.body);
    assert!(chunked.body.contains("GET /chun") || chunked.body.contains("3: "), "{}", chunked.body);
    for other in ["/b", "/a?x=1", "/chunked", "/chunked?x=2"] {
        assert_eq!(rig.get(other, "").status, 503, "{other}: nobody has asked for it");
    }
    assert_eq!(rig.get("/large", "").status, 503, "it is too long to keep");
    well.store(true, Ordering::Relaxed);
    assert_eq!(rig.get("/a", "").header("age"), None, "the backend is asked again");
}

#[test]
fn what_is_not_for_everybody_is_neither_kept_nor_given() {
    let personal =
        ["Authorization: Bearer t\r\n", "Cookie: a=b\r\n", "Cache-Control: no-store\r\n"];
    for headers in personal {
        let (upstream, well) = moody("");
        let rig = rig(&upstream, "kept = \"10m\"");
        assert_eq!(rig.get("/mine", headers).status, 200);
        assert_eq!(rig.get("/everybody's", "").status, 200);
        well.store(false, Ordering::Relaxed);
        assert_eq!(rig.get("/mine", "").status, 503, "{headers}");
        assert_eq!(rig.get("/everybody's", headers).status, 503, "{headers}");
        assert_eq!(rig.get("/everybody's", "").status, 200);
    }
    for more in [
        "Set-Cookie: a=b\r\n",
        "Cache-Control: max-age=5, private\r\n",
        "Cache-Control: no-store\r\n",
        "Vary: *\r\n",
        "Vary: accept, x-tenant\r\n",
    ] {
        let (upstream, well) = moody(more);
        let rig = rig(&upstream, "kept = \"10m\"");
        assert_eq!(rig.get("/a", "").status, 200);
        well.store(false, Ordering::Relaxed);
        assert_eq!(rig.get("/a", "").status, 503, "{more}");
    }
}

#[test]
fn an_answer_in_one_language_is_not_given_to_who_asks_for_another() {
    let (upstream, well) = moody("Vary: Accept-Language\r\n");
    let rig = rig(&upstream, "kept = \"10m\"");
    let korean = rig.get("/a", "Accept-Language: ko\r\n");
    let english = rig.get("/a", "Accept-Language: en\r\n");
    well.store(false, Ordering::Relaxed);
    assert_eq!(rig.get("/a", "Accept-Language: ko\r\n").body, korean.body);
    assert_eq!(rig.get("/a", "Accept-Language: en\r\n").body, english.body);
    assert_eq!(rig.get("/a", "Accept-Language: de\r\n").status, 503);
    assert_ne!(korean.body, english.body);
}

#[test]
fn without_a_kept_answer_the_next_way_is_taken() {
    let (upstream, well) = moody("");
    let rig = rig(&upstream, "kept = \"10m\", respond = { status = 203, body = \"later\" }");
    let kept = rig.get("/a", "");
    well.store(false, Ordering::Relaxed);
    assert_eq!(rig.get("/a", "").body, kept.body);
    assert_eq!(rig.get("/b", "").body, "later");
}

#[test]
fn a_kept_answer_lives_through_a_reload_of_others_and_not_of_its_own_route() {
    let (upstream, well) = moody("");
    let rig = rig(&upstream, "kept = \"10m\"");
    assert_eq!(rig.get("/a", "").status, 200);
    well.store(false, Ordering::Relaxed);
    let same = text(&upstream, "kept = \"10m\"");
    rig.reload(&format!("{same}[routes.other]\npath = \"/other\"\nrespond = {{ status = 200 }}\n"));
    assert_eq!(rig.get("/a", "").status, 200);
    rig.reload(&same.replace("to = \"one\"", "to = \"one\"\nrewrite_host = \"b.test\""));
    assert_eq!(rig.get("/a", "").status, 503, "another host may have another answer");
}

#[test]
fn an_answer_is_given_until_it_is_too_old() {
    let (upstream, well) = moody("");
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let door: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
    let config = Config::read("gateway.toml", &text(&upstream, "kept = \"10m\"")).expect("good");
    let rig = Rig::around(config, Surroundings { clock: door, ..Surroundings::default() });
    assert_eq!(rig.get("/a", "").status, 200);
    well.store(false, Ordering::Relaxed);
    let aged = |seconds: u64| -> Reply {
        clock.advance(Duration::from_secs(seconds));
        rig.get("/a", "")
    };
    assert_eq!(aged(0).header("age"), Some("0"));
    assert_eq!(aged(599).header("age"), Some("599"));
    assert_eq!(aged(2).status, 503);
}

#[test]
fn a_fallback_that_leads_nowhere_is_found_in_the_file() {
    for (fallback, what) in [
        ("on = [503]", "a fallback has `to` or `respond`"),
        ("to = \"b\", respond = { status = 200 }, on = [503]", "a fallback has `to` or `respond`"),
        ("kept = \"1m\", on = []", "a fallback says `on`"),
    ] {
        let text = format!(
            "[backends.b]\nendpoints = []\n[routes.all]\nto = \"b\"\nfallback = {{ {fallback} }}\n"
        );
        let found = Config::read("gateway.toml", &text).expect_err(fallback).to_string();
        assert!(found.starts_with(&format!("gateway.toml:5:1: {what}")), "{found}");
    }
}
