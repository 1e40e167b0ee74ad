//! How often a route may be called, and how often at once.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use ondol_doors::{Clock, ManualClock};
use ondol_gateway::{Config, Surroundings};
use ondol_kernel::Timestamp;

use super::rig::{PATIENCE, Reply, Rig, Upstream, say, until};

/// A gateway behind a proxy that says where clients are, with one route and more to say about it.
fn text(upstream: &Upstream, route: &str) -> String {
    format!(
        "listen = [\"127.0.0.1:0\"]\nworkers = 1\ntrust = {{ proxies = [\"127.0.0.0/8\"] }}\n\
         [backends.one]\nendpoints = [\"http://{}\"]\n[routes.all]\nto = \"one\"\n{route}\n",
        upstream.address
    )
}

fn read(upstream: &Upstream, route: &str) -> Config {
    Config::read("gateway.toml", &text(upstream, route)).expect("a good configuration")
}

/// The same with a clock that is moved by hand.
fn timed(upstream: &Upstream, route: &str) -> (Rig, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let door: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
    let around = Surroundings { clock: door, ..Surroundings::default() };
    (Rig::around(read(upstream, route), around), clock)
}

fn ask(rig: &Rig, client: &str) -> Reply {
    rig.get("/a", &format!("X-Forwarded-For: {client}\r\n"))
}

fn asked(rig: &Rig, client: &str, times: usize) -> Vec<u16> {
    (0..times).map(|_| ask(rig, client).status).collect()
}

#[test]
fn a_client_gets_what_one_line_says_and_is_told_when_there_is_more() {
    let upstream = Upstream::start();
    let (rig, clock) = timed(&upstream, "rate = \"3 / minute per ip\"");
    let first = ask(&rig, "192.0.2.1");
    assert_eq!(first.status, 200);
    assert_eq!(first.header("ratelimit-policy"), Some("\"ip\";q=3;w=60"));
    assert_eq!(first.header("ratelimit"), Some("\"ip\";r=2;t=60"));
    clock.advance(Duration::from_secs(20));
    assert_eq!(asked(&rig, "192.0.2.1", 2), [200, 200]);

    let refused = ask(&rig, "192.0.2.1");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("40"));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"ip\";q=3;w=60"));
    assert_eq!(refused.header("ratelimit"), Some("\"ip\";r=0;t=40"));
    assert!(refused.body.contains("gateway-rate-limited"), "{}", refused.body);
    assert_eq!(upstream.take().len(), 3);

    assert_eq!(ask(&rig, "192.0.2.2").status, 200, "another client has his own");
    clock.advance(Duration::from_secs(39));
    assert_eq!(ask(&rig, "192.0.2.1").status, 429);
    clock.advance(Duration::from_secs(1));
    assert_eq!(asked(&rig, "192.0.2.1", 2), [200, 429], "only the first use is a minute old");
    assert_eq!(rig.metric("ondol_gateway_rate_keys{limit=\"routes.all ip 60s\"}"), Some(2));
    let exceeded = "ondol_gateway_rate_exceeded_total{limit=\"routes.all ip 60s\"}";
    assert_eq!(rig.metric(exceeded), Some(3));
}

#[test]
fn what_one_of_several_limits_refuses_uses_nothing_of_the_others() {
    let upstream = Upstream::start();
    let limits = "rate = [\"4 / hour per ip\", \"2 / minute per ip\", \"100 / minute\"]";
    let (rig, clock) = timed(&upstream, limits);
    let first = ask(&rig, "192.0.2.1");
    let policy = "\"ip-3600\";q=4;w=3600, \"ip-60\";q=2;w=60, \"route\";q=100;w=60";
    assert_eq!(first.header("ratelimit-policy"), Some(policy));
    let limits = "\"ip-3600\";r=3;t=3600, \"ip-60\";r=1;t=60, \"route\";r=99;t=60";
    assert_eq!(first.header("ratelimit"), Some(limits));
    assert_eq!(asked(&rig, "192.0.2.1", 9), [200, 429, 429, 429, 429, 429, 429, 429, 429]);
    clock.advance(Duration::from_secs(61));
    assert_eq!(asked(&rig, "192.0.2.1", 3), [200, 200, 429], "two of four are left of the hour");
    let refused = ask(&rig, "192.0.2.1");
    assert_eq!(refused.header("retry-after"), Some("3539"), "the hour's refuses now");
}

#[test]
fn what_is_used_stays_used_when_the_configuration_changes() {
    let upstream = Upstream::start();
    let (rig, _clock) = timed(&upstream, "rate = \"3 / minute per ip\"");
    assert_eq!(asked(&rig, "192.0.2.1", 2), [200, 200]);
    rig.reload(&text(&upstream, "rate = \"3 / minute per ip\"\ntimeout = \"5s\""));
    assert_eq!(asked(&rig, "192.0.2.1", 2), [200, 429]);
    rig.reload(&text(&upstream, "rate = \"5 / minute per ip\""));
    assert_eq!(asked(&rig, "192.0.2.1", 3), [200, 200, 429], "of a larger limit the rest is left");
    rig.reload(&text(&upstream, ""));
    assert_eq!(asked(&rig, "192.0.2.1", 3), [200; 3]);
    assert!(!rig.handle.metrics().contains("rate_keys{"), "what nobody uses is forgotten");
}

#[test]
fn routes_that_name_the_same_limit_share_it() {
    let upstream = Upstream::start();
    let more = "path = \"/a\"\nrate = \"everyone\"\n\
                [routes.other]\nto = \"one\"\npath = \"/b\"\nrate = [\"everyone\", \"9 / minute\"]\n\
                [rates]\neveryone = \"3 / minute per ip\"";
    let (rig, _clock) = timed(&upstream, more);
    assert_eq!(rig.get("/a", "").status, 200);
    assert_eq!(rig.get("/b", "").status, 200);
    let last = rig.get("/a", "");
    assert_eq!(last.header("ratelimit"), Some("\"everyone\";r=0;t=60"));
    assert_eq!(rig.get("/b", "").status, 429);
    rig.reload(&text(&upstream, &more.replace("3 / minute", "4 / minute")));
    assert_eq!(rig.get("/b", "").status, 200, "a change of the shared limit reaches its routes");
    assert_eq!(rig.get("/a", "").status, 429);
}

#[test]
fn a_limit_that_only_watches_lets_pass_counts_and_tells_clients_nothing() {
    let upstream = Upstream::start();
    let route = "rate = { limit = \"2 / minute per ip\", mode = \"observe\" }";
    let (rig, _clock) = timed(&upstream, route);
    assert_eq!(asked(&rig, "192.0.2.1", 5), [200; 5]);
    assert_eq!(ask(&rig, "192.0.2.1").header("ratelimit"), None);
    let observed = "ondol_gateway_observed_total{reason=\"gateway-rate-limited\"}";
    assert_eq!((rig.metric(observed), rig.refusals()), (Some(4), 0));
    rig.reload(&text(&upstream, "rate = { limit = \"2 / minute per ip\", mode = \"off\" }"));
    assert_eq!(asked(&rig, "192.0.2.1", 5), [200; 5]);
    assert_eq!(rig.metric(observed), Some(4));
}

#[test]
fn a_header_tells_partners_apart_and_leaving_it_out_is_no_way_around() {
    let upstream = Upstream::start();
    let (rig, _clock) = timed(&upstream, "rate = \"1 / minute per header X-Partner\"");
    let status = |headers: &str| rig.get("/a", headers).status;
    assert_eq!((status("X-Partner: one\r\n"), status("X-Partner: one\r\n")), (200, 429));
    assert_eq!((status("X-Partner: two\r\n"), status("")), (200, 200));
    assert_eq!(status(""), 429, "without it, the address counts");
}

#[test]
fn users_and_their_keys_have_budgets_of_their_own_wherever_they_call_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.toml");
    let mut keys = String::new();
    for (id, owner) in [("kim-1", "kim"), ("kim-2", "kim"), ("lee-1", "lee")] {
        let hash = digest(&SHA256, id.as_bytes());
        let hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        keys.push_str(&format!("[{id}]\nhash = \"sha256:{hash}\"\nowner = \"{owner}\"\n"));
    }
    std::fs::write(&file, keys).expect("a file");
    let upstream = Upstream::start();
    let route = format!(
        "auth = {{ keys = \"partners\" }}\nrate = [\"3 / minute per user\", \"2 / minute per key\"]\n\
         [keys.partners]\nfile = {file:?}"
    );
    let (rig, _clock) = timed(&upstream, &route);
    let call = |key: &str, from: &str| {
        rig.get("/a", &format!("X-API-Key: {key}\r\nX-Forwarded-For: {from}\r\n")).status
    };
    assert_eq!((call("kim-1", "192.0.2.1"), call("kim-1", "192.0.2.2")), (200, 200));
    assert_eq!(call("kim-1", "192.0.2.3"), 429, "the key's");
    assert_eq!((call("kim-2", "192.0.2.4"), call("kim-2", "192.0.2.5")), (200, 429), "kim's");
    assert_eq!(call("lee-1", "192.0.2.1"), 200);
}

/// A backend that answers what is `/held` when it is told to.
fn held() -> (Upstream, Arc<AtomicBool>) {
    let go = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&go);
    let upstream = Upstream::answering(move |received, stream| {
        while received.head.starts_with("GET /held") && !told.load(Ordering::Relaxed) {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        say(stream, "done")
    });
    (upstream, go)
}

fn open(rig: &Rig, client: &str) -> TcpStream {
    let mut stream = TcpStream::connect(rig.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let request = format!(
        "GET /held HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {client}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("a request");
    stream
}

fn finish(mut stream: TcpStream) -> u16 {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    Reply::of(&answer).status
}

#[test]
fn so_many_requests_of_a_client_are_under_way_and_a_place_is_free_when_one_has_ended() {
    let (upstream, go) = held();
    let rig = Rig::with(read(&upstream, "concurrency = \"2 per ip\""));
    let (one, two) = (open(&rig, "192.0.2.1"), open(&rig, "192.0.2.1"));
    until("two are under way", || upstream.received().len() == 2);
    let refused = ask(&rig, "192.0.2.1");
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert!(refused.body.contains("gateway-too-many-at-once"), "{}", refused.body);
    let other = open(&rig, "192.0.2.2");
    until("another client is let in", || upstream.received().len() == 3);
    socket2::SockRef::from(&one).set_linger(Some(Duration::ZERO)).expect("a rude end");
    drop(one);
    until("who breaks off leaves his place", || ask(&rig, "192.0.2.1").status == 200);
    assert_eq!(ask(&rig, "192.0.2.1").status, 200, "an answer that has gone out leaves its place");
    go.store(true, Ordering::Relaxed);
    assert_eq!((finish(two), finish(other)), (200, 200));
}

#[test]
fn a_limit_that_means_nothing_is_refused_where_it_stands() {
    for (route, what) in [
        ("rate = \"often\"", "there is no limit `often`"),
        ("rate = \"10 / fortnight\"", "`10 / fortnight`: `fortnight` is not a time"),
        ("rate = { limt = \"1 / minute\" }", "unknown key `limt`; did you mean `limit`?"),
        ("rate = [\"1 / minute\", \"2 / 60s\"]", "are the same but for the number"),
        ("rate = { limit = \"1 / minute\", shared = \"main\" }", "there is no redis `main`"),
        ("rate = { limit = \"1 / minute\", keys_max = 0 }", "`keys_max` is between 1 and"),
        ("concurrency = \"0 per ip\"", "`0 per ip`: `0` is not a number"),
        ("concurrency = [\"1 per ip\", \"2 per ip\"]", "there is another limit per ip"),
        ("rate = 5", "a limit is like `\"100 / minute per user\"`"),
    ] {
        let upstream = Upstream::start();
        let read = Config::read("gateway.toml", &text(&upstream, route));
        let findings = read.expect_err("a finding").to_string();
        assert!(findings.contains(what) && findings.contains("gateway.toml:8:"), "{findings}");
    }
    let upstream = Upstream::start();
    let more = "[rates]\neveryone = \"3 / minute\"\n[routes.b]\npath = \"/b\"\nto = \"one\"\n\
                rate = { limit = \"everyone\", mode = \"observe\" }";
    let findings = Config::read("gateway.toml", &text(&upstream, more)).expect_err("a finding");
    assert!(findings.to_string().contains("is said once: in `rates.everyone`"), "{findings}");
    let more = more.replace("{ limit = \"everyone\", mode = \"observe\" }", "\"everyon\"");
    let findings = Config::read("gateway.toml", &text(&upstream, &more)).expect_err("a finding");
    assert!(findings.to_string().contains("did you mean `everyone`?"), "{findings}");
}

#[test]
fn what_was_read_of_limits_is_shown_as_it_can_be_read_again() {
    let upstream = Upstream::start();
    let route = "rate = [\"3 / minute per ip\", { limit = \"9 / hour\", mode = \"observe\" }]\n\
                 concurrency = [{ limit = \"1 per ip\", mode = \"off\" }, \"5 per user\"]\n\
                 [rates]\neveryone = \"3 / minute\"";
    let config = read(&upstream, route);
    let shown = toml::to_string(&config).expect("options that can be written");
    assert_eq!(Config::read("shown.toml", &shown).expect("what was shown"), config);
}
