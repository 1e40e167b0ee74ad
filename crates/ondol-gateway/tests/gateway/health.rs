//! Instances that are asked whether they are well, and clients that stay with theirs.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::rig::{Rig, Upstream, say, until};

/// Works for clients; what it says of its health can be changed.
fn checked(word: &'static str, well: &Arc<AtomicBool>) -> Upstream {
    let well = Arc::clone(well);
    Upstream::answering(move |received, stream| {
        if !received.head.starts_with("GET /health ") {
            return say(stream, word);
        }
        let answer: &[u8] = match well.load(Ordering::SeqCst) {
            true => b"HTTP/1.1 204 No Content\r\n\r\n",
            false => b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        };
        stream.write_all(answer).is_ok()
    })
}

fn shares(rig: &Rig, requests: usize) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for _ in 0..requests {
        let reply = rig.get("/", "");
        assert_eq!(reply.status, 200);
        *shares.entry(reply.body).or_default() += 1;
    }
    shares
}

#[test]
fn an_instance_that_says_it_is_ill_gets_nothing_until_it_is_well() {
    let well = [true, true, true].map(|well| Arc::new(AtomicBool::new(well)));
    let upstreams = [checked("a", &well[0]), checked("b", &well[1]), checked("c", &well[2])];
    let endpoints: Vec<_> =
        upstreams.iter().map(|it| format!("\"http://{}\"", it.address)).collect();
    let text = |health: &str| {
        format!(
            "[backends.one]\nendpoints = [{}]\nbalancer = {{ strategy = \"round_robin\", slow_start = \"0s\" }}\n\
             {health}\n[routes.all]\nto = \"one\"\n",
            endpoints.join(", ")
        )
    };
    let health = "health = { path = \"/health\", every = \"10ms\", ill_after = 3, well_after = 2, host = \"h.test\" }";
    let rig = Rig::start(&text(health));
    assert_eq!(shares(&rig, 30), [("a", 10), ("b", 10), ("c", 10)].map(named).into());
    well[1].store(false, Ordering::SeqCst);
    until("the ill one is out", || !shares(&rig, 30).contains_key("b"));
    let series = format!(
        "ondol_gateway_upstream_ill{{backend=\"one\",endpoint=\"http://{}\"}} ",
        upstreams[1].address
    );
    assert_eq!(rig.metric(&series), Some(1));
    let asked: Vec<_> = upstreams[1].received();
    let probe = asked.iter().find(|it| it.head.starts_with("GET /health ")).expect("a probe");
    assert_eq!(probe.header("host"), Some("h.test"));
    well[0].store(false, Ordering::SeqCst);
    until("with one of three left, health is ignored", || shares(&rig, 30).len() == 3);
    well[0].store(true, Ordering::SeqCst);
    well[1].store(true, Ordering::SeqCst);
    until("all are back", || shares(&rig, 30).len() == 3 && rig.metric(&series) == Some(0));
    well[2].store(false, Ordering::SeqCst);
    until("another one is out", || !shares(&rig, 30).contains_key("c"));
    rig.reload(&text(""));
    until("nobody asks any more, so all are in", || shares(&rig, 30).len() == 3);
}

fn named((name, share): (&str, usize)) -> (String, usize) {
    (name.to_owned(), share)
}

#[test]
fn an_instance_that_is_not_there_is_ill() {
    let up = Arc::new(AtomicBool::new(true));
    let upstreams = [checked("a", &up), checked("b", &up)];
    let gone_at = ondol_testkit::servers::free_address().expect("a port");
    let rig = Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://{}\", \"http://{}\", \"http://{gone_at}\"]\n\
         health = {{ path = \"/health\", every = \"10ms\" }}\n[routes.all]\nto = \"one\"\n",
        upstreams[0].address, upstreams[1].address
    ));
    let series =
        format!("ondol_gateway_upstream_ill{{backend=\"one\",endpoint=\"http://{gone_at}\"}} ");
    until("it is ill", || rig.metric(&series) == Some(1));
    assert_eq!(shares(&rig, 50).values().sum::<usize>(), 50, "nobody meets it");
}

fn hashed(by: &str) -> (Rig, [Upstream; 3]) {
    let upstreams = ["a", "b", "c"].map(Upstream::saying);
    let endpoints: Vec<_> =
        upstreams.iter().map(|it| format!("\"http://{}\"", it.address)).collect();
    let rig = Rig::start(&format!(
        "[backends.one]\nendpoints = [{}]\nhash_by = {by}\nbalancer = {{ strategy = \"hash\" }}\n\
         [routes.all]\nto = \"one\"\n",
        endpoints.join(", ")
    ));
    (rig, upstreams)
}

#[test]
fn a_session_stays_with_its_instance_and_sessions_are_spread() {
    let (rig, _upstreams) = hashed("{ session = \"GATE\" }");
    let mut seen = BTreeMap::new();
    for _ in 0..40 {
        let first = rig.get("/", "");
        let cookie = first.header("set-cookie").expect("a session");
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
        let id = cookie.split(';').next().expect("a value");
        for _ in 0..5 {
            let next = rig.get("/", &format!("Cookie: a=1; {id}\r\n"));
            assert_eq!(next.body, first.body);
            assert_eq!(next.header("set-cookie"), None, "it has one already");
        }
        *seen.entry(first.body).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[test]
fn what_is_hashed_by_goes_to_the_same_instance() {
    for (by, header) in [("{ header = \"X-Shop\" }", true), ("\"path\"", false)] {
        let (rig, _upstreams) = hashed(by);
        let mut seen = BTreeMap::new();
        for shop in 0..30 {
            let ask = || match header {
                true => rig.get("/", &format!("X-Shop: {shop}\r\n")).body,
                false => rig.get(&format!("/{shop}?a={}", std::process::id()), "").body,
            };
            let first = ask();
            assert_eq!(ask(), first);
            *seen.entry(first).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 3, "{by}: {seen:?}");
    }
    let (rig, _upstreams) = hashed("\"address\"");
    assert_eq!(shares(&rig, 20).len(), 1);
}

#[test]
fn weights_are_kept_and_the_own_zone_is_preferred() {
    let upstreams = ["a", "b", "c"].map(Upstream::saying);
    let [a, b, c] = upstreams.each_ref().map(|it| it.address);
    let text = |balancer: &str| {
        format!(
            "[backends.one]\nendpoints = [\"http://{a}\", {{ at = \"http://{b}\", weight = 3, zone = \"east\" }}, \
             {{ at = \"http://{c}\", zone = \"east\" }}]\nbalancer = {{ slow_start = \"0s\", {balancer} }}\n\
             [routes.all]\nto = \"one\"\n"
        )
    };
    let rig = Rig::start(&text("strategy = \"weighted\""));
    assert_eq!(shares(&rig, 50), [("a", 10), ("b", 30), ("c", 10)].map(named).into());
    rig.reload(&text("strategy = \"round_robin\", zone = \"east\""));
    assert_eq!(shares(&rig, 20), [("b", 10), ("c", 10)].map(named).into());
}
