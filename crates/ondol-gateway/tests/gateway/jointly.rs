//! Limits that gateways share through a real Redis, while it is well, killed, slow and flapping.

mod proxy;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ondol_doors::{Clock, SystemClock};
use ondol_gateway::Config;
use ondol_testkit::servers::{Redis, RedisOptions};

use super::certificates::{Authority, Folder};
use super::rig::{Rig, Upstream, until};
use proxy::Proxy;

fn text(upstream: &Upstream, redis: &str, limit: &str) -> String {
    format!(
        "listen = [\"127.0.0.1:0\"]\nworkers = 1\n\
         [redis.main]\n{redis}\ngateways = 2\n[backends.one]\nendpoints = [\"http://{}\"]\n\
         [routes.all]\nto = \"one\"\nrate = {{ limit = \"{limit}\", shared = \"main\" }}\n",
        upstream.address
    )
}

/// A gateway that shares a limit, when it has come together with its Redis.
fn gateway(upstream: &Upstream, redis: &str, limit: &str) -> Rig {
    let text = text(upstream, redis, limit);
    let rig = Rig::with(Config::read("gateway.toml", &text).expect("a good configuration"));
    until("limits are shared", || is_up(&rig));
    rig
}

fn is_up(rig: &Rig) -> bool {
    rig.metric("ondol_gateway_redis_up{redis=\"main\"}") == Some(1)
}

fn count(rig: &Rig, what: &str) -> u64 {
    rig.metric(&format!("ondol_gateway_redis_{what}_total{{redis=\"main\"}}")).unwrap_or(0)
}

fn status(rig: &Rig, client: &str) -> u16 {
    rig.get("/a", &format!("X-Client: {client}\r\n")).status
}

/// How many of so many requests were let in.
fn let_in(rig: &Rig, client: &str, times: usize) -> usize {
    (0..times).filter(|_| status(rig, client) == 200).count()
}

fn at(redis: &Redis) -> String {
    // Nobody goes on alone because the machine is busy.
    format!("url = \"redis://{}\"\nwait = \"1s\"", redis.address())
}

const PER_CLIENT: &str = "30 / minute per header X-Client";

#[test]
fn a_limit_that_gateways_share_is_one_limit() {
    let (upstream, redis) = (Upstream::start(), Redis::start().expect("a Redis"));
    let (one, two) =
        (gateway(&upstream, &at(&redis), PER_CLIENT), gateway(&upstream, &at(&redis), PER_CLIENT));
    let mut total = 0;
    // On a busy machine what was given out is not used in time now and then, and comes back.
    for _ in 0..200 {
        total += let_in(&one, "kim", 1) + let_in(&two, "kim", 1);
        if total == 30 {
            break;
        }
    }
    assert_eq!(total, 30);
    assert_eq!(let_in(&one, "kim", 20) + let_in(&two, "kim", 20), 0);
    let refused = two.get("/a", "X-Client: kim\r\n");
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").and_then(|wait| wait.parse().ok()).expect("one");
    assert!((30..=66).contains(&wait), "{wait}");
    assert_eq!(refused.header("ratelimit-policy"), Some("\"header\";q=30;w=60"));
    assert_eq!(status(&two, "lee"), 200, "another client has his own");
    let asked = count(&one, "asked") + count(&two, "asked");
    assert!(asked < 60, "{asked} asks for 30 calls and 80 refusals");
}

#[test]
fn a_killed_redis_leaves_each_gateway_its_part_and_a_new_one_is_not_believed_at_once() {
    let (upstream, mut redis) = (Upstream::start(), Redis::start().expect("a Redis"));
    let (one, two) =
        (gateway(&upstream, &at(&redis), PER_CLIENT), gateway(&upstream, &at(&redis), PER_CLIENT));
    let mut total = 0;
    for _ in 0..200 {
        total += let_in(&one, "kim", 1);
        if total == 30 {
            break;
        }
    }
    assert_eq!(total, 30, "all that there is");
    redis.kill().expect("a kill");
    until("both have noticed", || !is_up(&one) && !is_up(&two));
    assert_eq!(let_in(&one, "kim", 20), 0, "what was let in before counts");
    assert_eq!(let_in(&two, "kim", 40), 15, "the other has half of the limit");
    assert_eq!(let_in(&one, "lee", 40), 15);
    redis.start_again().expect("an empty Redis");
    until("both are back", || is_up(&one) && is_up(&two));
    // It would give out another thirty, and one and the other have let in 45 already.
    assert_eq!(let_in(&one, "kim", 20) + let_in(&two, "kim", 20), 0);
    assert_eq!(let_in(&two, "lee", 40), 15, "alone, each keeps to its part");
    assert!(count(&one, "alone") > 0 && count(&two, "alone") > 0);
}

#[test]
fn a_redis_that_was_emptied_is_not_believed_at_once() {
    let (upstream, redis) = (Upstream::start(), Redis::start().expect("a Redis"));
    let limit = "10 / minute per header X-Client";
    let rig = gateway(&upstream, &at(&redis), limit);
    let mut total = 0;
    for _ in 0..100 {
        total += let_in(&rig, "kim", 1);
    }
    assert_eq!(total, 10);
    assert_eq!(redis.ask(&["FLUSHALL"]).expect("an answer"), "+OK");
    assert_eq!(let_in(&rig, "lee", 30), 5, "half of it, alone");
    assert_eq!(let_in(&rig, "kim", 30), 0);
}

#[test]
fn a_slow_redis_holds_nobody_up() {
    let (upstream, redis) = (Upstream::start(), Redis::start().expect("a Redis"));
    let proxy = Proxy::before(redis.address());
    let place = format!("url = \"redis://{}\"\nwait = \"20ms\"", proxy.address);
    let rig = gateway(&upstream, &place, "1000 / minute per header X-Client");
    assert_eq!(status(&rig, "kim"), 200);
    proxy.delay(Duration::from_millis(400));
    let clock = SystemClock::start();
    for number in 0..50 {
        assert_eq!(status(&rig, &format!("client-{number}")), 200);
    }
    let took = clock.running();
    assert!(took < Duration::from_secs(10), "50 waits of 400 ms are 20 s, and it took {took:?}");
    assert!(count(&rig, "alone") >= 49, "{}", count(&rig, "alone"));
    proxy.delay(Duration::ZERO);
    until("it is asked again when it is quick again", || {
        let alone = count(&rig, "alone");
        status(&rig, "park") == 200 && count(&rig, "alone") == alone
    });
}

#[test]
fn whatever_redis_does_not_more_than_twice_the_limit_is_let_in_at_any_time() {
    const CALLS: usize = 40;
    const PER: Duration = Duration::from_secs(2);
    let (upstream, redis) = (Upstream::start(), Mutex::new(Redis::start().expect("a Redis")));
    let proxy = Proxy::before(redis.lock().expect("a Redis").address());
    let place = format!("url = \"redis://{}\"", proxy.address);
    let limit = format!("{CALLS} / 2s");
    let (one, two) = (gateway(&upstream, &place, &limit), gateway(&upstream, &place, &limit));
    let over = AtomicBool::new(false);
    let let_in = Mutex::new(Vec::new());
    let clock = SystemClock::start();
    let hammer = |rig: &Rig| {
        while !over.load(Ordering::Relaxed) {
            let began = clock.running();
            if status(rig, "kim") == 200 {
                let_in.lock().expect("what was let in").push((began, clock.running()));
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| hammer(&one));
        scope.spawn(|| hammer(&two));
        for round in 0..12 {
            proxy.cut(true);
            std::thread::park_timeout(Duration::from_millis(150));
            proxy.cut(false);
            std::thread::park_timeout(Duration::from_millis(300));
            if round % 4 == 1 {
                let mut redis = redis.lock().expect("a Redis");
                redis.kill().expect("a kill");
                redis.start_again().expect("an empty Redis");
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    let mut let_in = let_in.into_inner().expect("what was let in");
    let_in.sort_unstable();
    for (number, (began, _)) in let_in.iter().enumerate() {
        let within = let_in[number..].iter().filter(|(_, ended)| *ended < *began + PER).count();
        assert!(within <= 2 * CALLS, "{within} within {PER:?}");
    }
    let alone = count(&one, "alone") + count(&two, "alone");
    let asked = count(&one, "asked") + count(&two, "asked");
    assert!(asked > 0 && alone > 0, "both ways were gone: {asked} {alone}");
    assert!(let_in.len() > CALLS, "{} in 5 s", let_in.len());
}

#[test]
fn a_redis_elsewhere_is_spoken_to_over_tls_and_with_a_password_from_a_file() {
    let folder = Folder::new("redis");
    Authority::new(&folder, "authority").sign(&folder, "redis", "localhost");
    folder.write("password", "open sesame\n");
    let read = |name: &str| std::fs::read_to_string(folder.file(name)).expect("a file");
    let redis = RedisOptions::default().password("open sesame");
    let redis = redis.tls(&read("redis.pem"), &read("redis.key"), &read("authority.pem"));
    let redis = redis.start().expect("a Redis");
    let upstream = Upstream::start();
    let place = format!(
        "url = \"rediss://localhost:{}\"\nauthorities = {:?}\npassword_file = {:?}\nwait = \"1s\"",
        redis.address().port(),
        folder.file("authority.pem"),
        folder.file("password")
    );
    let rig = gateway(&upstream, &place, "3 / minute per header X-Client");
    let total: usize = (0..20).map(|_| let_in(&rig, "kim", 1)).sum();
    assert_eq!(total, 3);
    assert_eq!(count(&rig, "alone"), 0);
}

#[test]
fn a_redis_that_would_be_spoken_to_in_the_open_is_refused() {
    let upstream = Upstream::start();
    let read = |redis: &str| {
        let findings = Config::read("gateway.toml", &text(&upstream, redis, PER_CLIENT));
        findings.expect_err("a finding").to_string()
    };
    let findings = read("url = \"redis://cache.example.com:6379\"");
    assert!(
        findings.starts_with("gateway.toml:3:8: `redis://cache.example.com:6379`: it is not on")
    );
    assert!(read("url = \"redis://:pw@127.0.0.1\"").contains("`password_file` names"));
    assert!(read("url = \"rediss://cache.example.com\"").contains("needs `authorities`"));
    assert!(read("url = \"redis://127.0.0.1\"\nwait = \"2s\"").contains("`wait` is between"));
}
