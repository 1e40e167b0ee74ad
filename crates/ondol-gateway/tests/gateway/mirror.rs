//! The parallel run of an old and a new system, over real sockets.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ondol_gateway::Config;
use serde_json::{Value, json};

use super::control::Desk;
use super::rig::{Reply, Rig, Upstream, say, send, until, until_within};

/// What a build of a bank answers: an account with an id of the request's own, a time that nobody can
/// foresee, and a balance.
fn bank(wrong: impl Fn(&str) -> bool + Send + Sync + 'static) -> Upstream {
    let asked = AtomicU64::new(0);
    Upstream::answering(move |received, stream| {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        let line = received.head.lines().next().unwrap_or_default().to_owned();
        let path = line.split(' ').nth(1).unwrap_or_default();
        // No two are alike.
        let stamp = format!("{number}-{:p}", &raw const asked);
        let balance = if wrong(path) { 1 } else { 1000 };
        let body = json!({
            "path": path,
            "served": stamp,
            "account": { "balance": balance, "moves": [{ "amount": 7 }, { "amount": 8 }] },
        });
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).is_ok()
    })
}

fn shipped(old: &Upstream, again: &Upstream, new: &Upstream) -> String {
    include_str!("../../examples/strangler.toml")
        .replace("127.0.0.1:8080", "127.0.0.1:0")
        .replace("127.0.0.1:9201", &old.address.to_string())
        .replace("127.0.0.1:9202", &again.address.to_string())
        .replace("127.0.0.1:9203", &new.address.to_string())
}

fn copies(rig: &Rig, route: &str, outcome: &str) -> u64 {
    let labels = format!("route=\"{route}\",outcome=\"{outcome}\"");
    rig.metric(&format!("ondol_gateway_mirror_copies_total{{{labels}}} ")).unwrap_or_default()
}

fn differing(rig: &Rig, route: &str) -> Option<u64> {
    rig.metric(&format!("ondol_gateway_mirror_fields_differing{{route=\"{route}\"}} "))
}

#[test]
fn a_monolith_is_replaced_route_by_route_and_the_comparison_finds_what_is_wrong_and_nothing_else() {
    let (old, again) = (bank(|_| false), bank(|_| false));
    let new = bank(|path| path.starts_with("/transfers/") && path.ends_with('7'));
    let text = shipped(&old, &again, &new);
    let rig = Rig::with(Config::read("strangler.toml", &text).expect("the shipped example"));
    for number in 0..60 {
        for route in ["accounts", "transfers"] {
            let reply = rig.get(&format!("/{route}/{number}"), "");
            assert_eq!(reply.status, 200);
            assert!(reply.body.contains("\"balance\":1000"), "clients get the old one's answers");
        }
    }
    until_within(Duration::from_secs(30), "all are compared", || {
        copies(&rig, "accounts", "compared") == 60 && copies(&rig, "transfers", "compared") == 60
    });
    assert_eq!(differing(&rig, "accounts"), Some(0), "builds that are alike differ in nothing");
    assert_eq!(differing(&rig, "transfers"), Some(1), "the planted one");
    // What is the same goes to the new system; what is not stays where it is.
    new.take();
    let next = text.replacen(
        "[routes.accounts]\npath = \"/accounts/*\"\nto = \"monolith\"",
        "[routes.accounts]\npath = \"/accounts/*\"\nto = \"bank\"",
        1,
    );
    assert_ne!(next, text);
    let end = next.find("[routes.accounts.mirror]").expect("its mirror");
    let after = next[end..].find("\n\n").expect("its end") + end;
    rig.reload(&(next[..end].to_owned() + &next[after..]));
    assert_eq!(differing(&rig, "transfers"), Some(1), "what is known lives on");
    old.take();
    assert_eq!(rig.get("/accounts/1", "").status, 200);
    assert_eq!((old.take().len(), new.take().len()), (0, 1), "the first route is replaced");
}

fn mirrored(old: &Upstream, new: &Upstream, more: &str) -> String {
    format!(
        "[backends.old]\nendpoints = [\"http://{}\"]\n[backends.new]\nendpoints = [\"http://{}\"]\n\
         [routes.all]\nto = \"old\"\n[routes.all.mirror]\nto = \"new\"\n{more}",
        old.address, new.address
    )
}

fn post(rig: &Rig, body: &str, chunked: bool) -> Reply {
    let framed = match chunked {
        true => {
            format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
        }
        false => format!("Content-Length: {}\r\n\r\n{body}", body.len()),
    };
    let request = format!("POST /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n{framed}");
    Reply::of(&send(rig.address, request.as_bytes(), 7))
}

#[test]
fn what_changes_something_is_not_copied_unless_that_is_wanted_and_then_it_is_marked() {
    let (old, new) = (Upstream::start(), Upstream::start());
    let rig = Rig::start(&mirrored(&old, &new, ""));
    assert_eq!(post(&rig, "money", false).status, 200);
    assert_eq!(rig.get("/a", "X-Ondol-Mirror: copy\r\n").status, 200);
    until("the copy is there", || new.received().len() == 1);
    assert_eq!(copies(&rig, "all", "suppressed"), 1);
    let copy = new.take().remove(0);
    assert!(copy.head.starts_with("GET /a"), "{}", copy.head);
    assert_eq!(copy.header("x-ondol-mirror"), Some("copy"));
    let real = old.take();
    assert!(real.iter().all(|real| real.header("x-ondol-mirror").is_none()), "nobody pretends");

    let marked = mirrored(&old, &new, "writes = \"mark\"\nmark = \"X-Shadow\"\n");
    rig.reload(&format!("listen = [\"127.0.0.1:0\"]\nworkers = 1\n{marked}"));
    for chunked in [false, true] {
        assert_eq!(post(&rig, "money", chunked).status, 200);
        until("the copy is there", || new.received().len() == 1);
        let copy = new.take().remove(0);
        assert_eq!((copy.header("x-shadow"), copy.body.as_slice()), (Some("copy"), &b"money"[..]));
        assert_eq!(copy.header("x-forwarded-for"), Some("127.0.0.1"), "as the real one");
    }
}

#[test]
fn a_candidate_that_hangs_or_is_down_neither_delays_nor_fails_anything_and_the_queue_is_bounded() {
    let hold = Arc::new(AtomicBool::new(true));
    let wait = Arc::clone(&hold);
    let old = Upstream::saying("old");
    let new = Upstream::answering(move |_, stream| {
        until_within(Duration::from_secs(60), "it may answer", || !wait.load(Ordering::SeqCst));
        say(stream, "new")
    });
    let more = "queue_max = 4\nat_once_max = 2\n";
    let rig = Rig::start(&mirrored(&old, &new, more));
    #[expect(clippy::disallowed_methods, reason = "how long clients wait is what is looked at")]
    let began = Instant::now();
    for _ in 0..40 {
        assert_eq!(rig.get("/a", "").body, "old");
    }
    assert!(began.elapsed() < Duration::from_secs(8), "nobody waits for the copy");
    assert!(copies(&rig, "all", "queue_full") >= 40 - 4 - 2 - 1, "{}", rig.handle.metrics());
    hold.store(false, Ordering::SeqCst);
    until("those that waited are sent", || copies(&rig, "all", "sent") >= 6);
    let nobody = super::program::free();
    let down = mirrored(&old, &new, "").replace(&new.address.to_string(), &nobody.to_string());
    let rig = Rig::start(&down);
    assert_eq!(rig.get("/a", "").body, "old");
    until("nobody answered", || copies(&rig, "all", "failed") == 1);
}

#[test]
fn what_is_too_large_goes_through_and_is_not_copied() {
    let (old, new) = (Upstream::start(), Upstream::start());
    let rig = Rig::start(&mirrored(&old, &new, "writes = \"mark\"\nbody_bytes_max = 10\n"));
    for chunked in [false, true] {
        assert_eq!(post(&rig, "more than ten letters", chunked).status, 200);
    }
    until("both are counted", || copies(&rig, "all", "too_large") == 2);
    assert_eq!((old.received().len(), new.received().len()), (2, 0));
    assert!(old.received().iter().all(|real| real.body.starts_with(b"more than ten letters")));
}

#[test]
fn only_the_share_that_is_wanted_is_copied() {
    let (old, new) = (Upstream::start(), Upstream::start());
    let rig = Rig::start(&mirrored(&old, &new, "percent = 0.0\n"));
    for _ in 0..20 {
        assert_eq!(rig.get("/a", "").status, 200);
    }
    assert_eq!((copies(&rig, "all", "sent"), new.received().len()), (0, 0));
}

#[test]
fn the_report_names_the_fields_with_counts_and_shows_no_values_unless_they_may_be_seen() {
    let (old, new) = (bank(|_| false), bank(|_| true));
    for (values, shows) in [("hash", false), ("mask", false), ("show", true)] {
        let more = format!("values = \"{values}\"\nignore = [\"$.served\"]\n");
        let desk = Desk::start(&format!("mirror-{values}"), &mirrored(&old, &new, &more));
        for _ in 0..3 {
            desk.rig.get("/accounts/1", "");
        }
        until("all are compared", || copies(&desk.rig, "all", "compared") == 3);
        let told = desk.see("mirrors/all");
        let real = told["report"]["real"].as_array().expect("a list").clone();
        assert_eq!(real.len(), 1, "{told}");
        assert_eq!(
            (&real[0]["field"], &real[0]["differs"]),
            (&json!("$.account.balance"), &json!(3))
        );
        let example: &Value = &real[0]["examples"][0];
        assert_eq!(example["baseline"] == "1000", shows, "{example}");
        let forget = json!({ "reason": "a new build" });
        assert_eq!(desk.act("mirrors/all/forget", &forget).status, 200);
        assert_eq!(desk.see("mirrors/all")["report"]["compared"], 0);
    }
}

#[test]
fn answers_that_are_compressed_are_compared_as_what_they_unfold_to() {
    let packed = |level: u32| {
        Upstream::answering(move |_, stream| {
            let level = flate2::Compression::new(level);
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            let written = encoder.write_all(b"{\"a\":[1,2,3,1,2,3,1,2,3]}");
            written.expect("memory");
            let body = encoder.finish().expect("memory");
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).is_ok() && stream.write_all(&body).is_ok()
        })
    };
    let (old, new) = (packed(1), packed(9));
    let rig = Rig::start(&mirrored(&old, &new, ""));
    assert_eq!(rig.get("/a", "Accept-Encoding: gzip\r\n").status, 200);
    until("it is compared", || copies(&rig, "all", "compared") == 1);
    assert_eq!(differing(&rig, "all"), Some(0));
}

#[test]
fn explain_tells_of_canaries_colours_and_mirrors() {
    let explain = |text: &str, path: &str| {
        let config = Config::read("example.toml", text).expect("a shipped example");
        let question = ondol_gateway::Question {
            method: "GET".to_owned(),
            url: format!("http://bank.test{path}"),
            headers: Vec::new(),
            certificate: None,
            from: None,
        };
        ondol_gateway::explain(&config, &question).expect("an answer")
    };
    let canary = include_str!("../../examples/canary.toml");
    let told = explain(canary, "/accounts/1");
    assert!(told.contains("canary    accounts → accounts-next, by 10, 25, 50, 100 %"), "{told}");
    assert!(told.contains("accounts-next (10 %)"), "{told}");
    assert!(explain(canary, "/cards/1").contains("cards-blue (100 %)"));
    let told = explain(include_str!("../../examples/strangler.toml"), "/transfers/1");
    assert!(
        told.contains("mirror    100 % to bank, noise from monolith-again, without writes"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_steered_so_is_said_with_its_place() {
    let refused = |route: &str| {
        let text = format!(
            "[backends.one]\nendpoints = []\n[backends.two]\nendpoints = []\n[routes.a]\n{route}\n"
        );
        Config::read("gateway.toml", &text).expect_err(route).to_string()
    };
    let canary = "canary = { from = \"one\", to = \"two\"";
    for (route, said) in [
        (format!("{canary}, steps = [10, 5, 100] }}"), "percents that grow"),
        (format!("{canary}, steps = [10, 50] }}"), "the last is 100"),
        (format!("{canary}, every = \"1ms\" }}"), "less than 100 ms"),
        (format!("{canary}, samples_min = 0 }}"), "no answers"),
        (format!("{canary}, success_drop_max = 5.0 }}"), "between 0 and 1"),
        (format!("{canary}, stepz = [100] }}"), "did you mean `steps`?"),
        (format!("{canary} }}\nto = \"one\""), "exactly one of"),
        ("canary = { from = \"one\", to = \"one\" }".to_owned(), "another backend"),
        ("canary = { from = \"one\", to = \"twoo\" }".to_owned(), "did you mean `two`?"),
        (
            "blue_green = { blue = \"one\", green = \"one\", active = \"blue\" }".to_owned(),
            "the same backend",
        ),
        ("to = \"one\"\nmirror = { to = \"tow\" }".to_owned(), "did you mean `two`?"),
        (
            "to = \"one\"\nmirror = { to = \"two\", percent = 101.0 }".to_owned(),
            "between 0 and 100",
        ),
        ("to = \"one\"\nmirror = { to = \"two\", ignore = [\"a.b\"] }".to_owned(), "a field is"),
        (
            "to = \"one\"\nmirror = { to = \"two\", again = \"two\" }".to_owned(),
            "a second copy of what serves",
        ),
        ("respond = { status = 200 }\nmirror = { to = \"two\" }".to_owned(), "can be copied"),
    ] {
        let found = refused(&route);
        assert!(found.contains(said), "{route}: {found}");
    }
    let control = |more: &str| {
        let text =
            format!("{more}\n[control]\naudit = \"a\"\n[control.tokens.kim]\nfile = \"b\"\n");
        Config::read("gateway.toml", &text).map_err(|findings| findings.to_string())
    };
    assert!(control("").expect_err("no port").contains("nowhere to ask"));
    assert!(control("admin = \"0.0.0.0:1\"").expect_err("everywhere").contains("beyond_loopback"));
    assert!(control("admin = \"127.0.0.1:1\"").is_ok());
}
