//! The shipped gateway of a bank, line by line: `examples/bank.toml`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ondol_doors::{Clock, ManualClock, SystemClock};
use ondol_gateway::{Config, Surroundings, verify_lines};
use serde_json::{Value, json};

use super::rig::{Reply, Rig, Upstream, say, until};
use super::who::house::{Issuer, now};

const SHIPPED: &str = include_str!("../../examples/bank.toml");
const ISSUER: &str = "http://id.bank.test";
const SERVICES: [(&str, u16); 4] =
    [("account", 9201), ("transfer", 9202), ("loan", 9203), ("card", 9204)];
/// Where a partner and a machine are.
const PARTNER: &str = "203.0.113.7";
const MACHINE: &str = "10.20.3.4";
const HOME: &str = "198.51.100.1";

struct Bank {
    rig: Rig,
    issuer: Issuer,
    services: Vec<(&'static str, Upstream)>,
    clock: Arc<ManualClock>,
    /// Whether services answer nothing.
    hangs: Arc<AtomicBool>,
    /// Whether services break off.
    fails: Arc<AtomicBool>,
    folder: tempfile::TempDir,
}

/// What is asked, by whom, and from where.
#[derive(Clone, Copy)]
struct Ask<'a> {
    host: &'a str,
    method: &'a str,
    path: &'a str,
    token: &'a str,
    from: &'a str,
    body: &'a str,
}

impl Bank {
    fn open() -> Self {
        let issuer = Issuer::called(ISSUER);
        let (hangs, fails) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("access.log");
        let mut text = SHIPPED
            .replace(
                "listen = [\"127.0.0.1:8080\"]",
                "listen = [\"127.0.0.1:0\"]\nworkers = 1\ntrust = { proxies = [\"127.0.0.0/8\"] }",
            )
            .replace("access_log = { to = \"-\" }", &format!("access_log = {{ to = {log:?} }}"))
            .replace("\"transactions.jsonl\"", &format!("{:?}", folder.path().join("transactions")))
            .replace("127.0.0.1:9205", &issuer.upstream.address.to_string());
        let services = SERVICES.map(|(name, port)| {
            let (hangs, fails) = (Arc::clone(&hangs), Arc::clone(&fails));
            let upstream = Upstream::answering(move |_received, stream| {
                if fails.load(Ordering::SeqCst) {
                    return false;
                }
                hangs.load(Ordering::SeqCst) || say(stream, name)
            });
            let at = format!("127.0.0.1:{port}");
            assert!(text.contains(&at), "{at}");
            text = text.replace(&at, &upstream.address.to_string());
            (name, upstream)
        });
        let clock = Arc::new(ManualClock::at(SystemClock::start().now()));
        let door: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let config = Config::read("bank.toml", &text).expect("the shipped example");
        let around = Surroundings { clock: door, ..Surroundings::default() };
        let rig = Rig::around(config, around);
        Self { rig, issuer, services: services.into(), clock, hangs, fails, folder }
    }

    /// A token of somebody, through a client, that allows something.
    fn token(&self, subject: &str, client: &str, scope: &str) -> String {
        self.with(subject, client, scope, |_claims| {})
    }

    fn with(
        &self,
        subject: &str,
        client: &str,
        scope: &str,
        change: impl FnOnce(&mut Value),
    ) -> String {
        let mut claims = self.issuer.claims();
        claims["iss"] = json!(ISSUER);
        claims["sub"] = json!(subject);
        claims["client_id"] = json!(client);
        claims["scope"] = json!(scope);
        claims["jti"] = json!(format!("{subject}.{client}.{scope}"));
        claims["exp"] = json!(now() + 3_000);
        claims["acr"] = json!("urn:ondol:acr:1fa");
        change(&mut claims);
        self.issuer.signed(&claims)
    }

    fn ask(&self, ask: Ask<'_>) -> Reply {
        let Ask { host, method, path, token, from, body } = ask;
        let shown = if token.is_empty() {
            String::new()
        } else {
            format!("Authorization: Bearer {token}\r\n")
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX-Forwarded-For: {from}\r\n\
             {shown}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Reply::of(&self.rig.send(request.as_bytes(), usize::MAX))
    }

    /// A customer reads something.
    fn read(&self, path: &str, token: &str) -> Reply {
        self.ask(Ask { host: "api.bank.test", method: "GET", path, token, from: HOME, body: "" })
    }

    fn send(&self, host: &str, token: &str, from: &str, amount: &str) -> Reply {
        let body = format!(
            "{{\"from\":\"a\",\"to\":\"b\",\"amount\":{{\"amount\":\"{amount}\",\"currency\":\"KRW\"}}}}"
        );
        self.ask(Ask { host, method: "POST", path: "/api/v1/transfers", token, from, body: &body })
    }

    /// How many requests have reached the services.
    fn reached(&self) -> usize {
        self.services.iter().map(|(_, upstream)| upstream.take().len()).sum()
    }
}

const ALL: &str = "accounts transfers loans cards cash partner";

#[test]
fn each_path_leads_to_its_service_for_each_channel_that_may_use_it() {
    let bank = Bank::open();
    let (api, atm, partner) = ("api.bank.test", "atm.bank.test", "partner.bank.test");
    for (host, from, method, path, client, scope, service) in [
        (api, HOME, "GET", "/api/v1/accounts/7", "web", "accounts", "account"),
        (api, HOME, "GET", "/api/v1/accounts/7", "mobile", "accounts", "account"),
        (api, HOME, "GET", "/api/v1/transfers/7", "web", "transfers", "transfer"),
        (api, HOME, "POST", "/api/v1/transfers", "mobile", "transfers", "transfer"),
        (api, HOME, "GET", "/api/v1/loans/7", "web", "loans", "loan"),
        (api, HOME, "POST", "/api/v1/cards/7/freeze", "mobile", "cards", "card"),
        (atm, MACHINE, "POST", "/api/v1/accounts/7/withdraw", "atm", "cash", "account"),
        (partner, PARTNER, "GET", "/api/v1/accounts/7", "acme", "partner", "account"),
        (partner, PARTNER, "POST", "/api/v1/transfers", "acme", "partner transfers", "transfer"),
    ] {
        let token = bank.token("kim", client, scope);
        let body = if method == "POST" { "{\"amount\":{\"amount\":\"5\"}}" } else { "" };
        let good = Ask { host, method, path, token: &token, from, body };
        let reply = bank.ask(good);
        assert_eq!((reply.status, reply.body.as_str()), (200, service), "{client} {path}");
        let seen: Vec<_> = bank.services.iter().flat_map(|(_, it)| it.take()).collect();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].header("x-user-id"), Some("kim"), "{client} {path}");
        assert_eq!(seen[0].header("x-user-client"), Some(client), "{client} {path}");
        assert_eq!(seen[0].header("x-user-scopes"), Some(scope), "{client} {path}");
        for (what, token, status) in [
            ("nobody", String::new(), 401),
            ("another's scope", bank.token("kim", client, "openid"), 403),
            ("another audience", bank.with("kim", client, scope, |it| it["aud"] = json!("x")), 401),
            ("another issuer", bank.with("kim", client, scope, |it| it["iss"] = json!("x")), 401),
        ] {
            let status_seen = bank.ask(Ask { token: &token, ..good }).status;
            assert_eq!(status_seen, status, "{client} {path}: {what}");
        }
        assert_eq!(bank.reached(), 0, "{client} {path}");
    }
}

#[test]
fn no_channel_is_another_one() {
    let bank = Bank::open();
    let paths = ["/api/v1/accounts/7", "/api/v1/transfers/7", "/api/v1/loans/7", "/api/v1/cards/7"];
    for client in ["atm", "acme", "", "WEB"] {
        let token = bank.token("x", client, ALL);
        for path in paths {
            let status = bank.read(path, &token).status;
            assert!(matches!(status, 401 | 403), "{client} {path}: {status}");
        }
        assert!(matches!(bank.send("api.bank.test", &token, HOME, "5").status, 401 | 403));
    }
    let web = bank.token("x", "web", ALL);
    let cash = Ask {
        host: "atm.bank.test",
        method: "GET",
        path: "/api/v1/accounts/7",
        token: &web,
        from: MACHINE,
        body: "",
    };
    assert_eq!(bank.ask(cash).status, 403, "a customer is no machine");
    let customer = bank.token("x", "web", "accounts transfers loans cards");
    let host = "partner.bank.test";
    assert_eq!(bank.ask(Ask { host, token: &customer, from: PARTNER, ..cash }).status, 403);
    assert_eq!(bank.send(host, &customer, PARTNER, "5").status, 403);
    for (host, path, method, status) in [
        ("atm.bank.test", "/api/v1/accounts/7", "DELETE", 405),
        ("atm.bank.test", "/api/v1/transfers/7", "GET", 404),
        ("partner.bank.test", "/api/v1/accounts/7", "POST", 405),
        ("partner.bank.test", "/api/v1/cards/7", "GET", 404),
        ("api.bank.test", "/api/v1/other", "GET", 404),
        ("other.bank.test", "/api/v1/accounts/7", "GET", 404),
    ] {
        let ask = Ask { host, path, method, token: &web, from: PARTNER, body: "" };
        assert_eq!(bank.ask(ask).status, status, "{method} {host}{path}");
    }
    assert_eq!(bank.reached(), 0);
}

#[test]
fn partners_and_machines_come_from_where_it_was_agreed_on() {
    let bank = Bank::open();
    let partner = bank.token("acme", "acme", "partner transfers");
    let machine = bank.token("atm-1", "atm", "cash");
    let account = |host, token, from| {
        bank.ask(Ask { host, method: "GET", path: "/api/v1/accounts/7", token, from, body: "" })
    };
    for (from, status) in [
        (PARTNER, 200),
        ("2001:db8:77:1::5", 200),
        ("203.0.114.7", 403),
        ("2001:db8:78::5", 403),
        (HOME, 403),
    ] {
        let reply = account("partner.bank.test", &partner, from);
        assert_eq!(reply.status, status, "{from}");
        assert_eq!(bank.send("partner.bank.test", &partner, from, "5").status, status, "{from}");
        assert_eq!(bank.reached(), if status == 200 { 2 } else { 0 }, "{from}");
        if status == 403 {
            assert!(reply.body.contains("gateway-from-elsewhere"), "{from}: {}", reply.body);
        }
    }
    for (from, status) in [(MACHINE, 200), ("10.21.0.1", 403), (PARTNER, 403)] {
        assert_eq!(account("atm.bank.test", &machine, from).status, status, "{from}");
    }
}

#[test]
fn a_user_has_a_hundred_requests_a_minute_over_all_of_the_bank() {
    let bank = Bank::open();
    let kim = bank.token("kim", "web", ALL);
    let on_the_phone = bank.token("kim", "mobile", ALL);
    for number in 0..100 {
        let path = ["accounts", "transfers", "loans", "cards"][number % 4];
        let token = if number % 2 == 0 { &kim } else { &on_the_phone };
        let reply = bank.read(&format!("/api/v1/{path}/7"), token);
        assert_eq!(reply.status, 200, "{number}");
    }
    for path in ["accounts", "transfers", "loans", "cards"] {
        let reply = bank.read(&format!("/api/v1/{path}/7"), &kim);
        assert_eq!(reply.status, 429, "{path}");
        assert_eq!(reply.header("retry-after"), Some("60"), "{path}");
    }
    assert_eq!(bank.send("api.bank.test", &on_the_phone, HOME, "5").status, 429);
    assert_eq!(bank.reached(), 100);
    let lee = bank.token("lee", "web", ALL);
    assert_eq!(bank.read("/api/v1/accounts/7", &lee).status, 200, "another has his own");
    bank.clock.advance(Duration::from_secs(60));
    assert_eq!(bank.read("/api/v1/accounts/7", &kim).status, 200);
    for (host, client, scope, from) in [
        ("atm.bank.test", "atm", "cash", MACHINE),
        ("partner.bank.test", "acme", "partner", PARTNER),
    ] {
        let token = bank.token(client, client, scope);
        let ask =
            Ask { host, method: "GET", path: "/api/v1/accounts/7", token: &token, from, body: "" };
        let answers: Vec<_> = (0..101).map(|_| bank.ask(ask).status).collect();
        assert!(answers[..100].iter().all(|status| *status == 200), "{client}");
        assert_eq!(answers[100], 429, "{client}");
    }
    let partner = bank.token("other", "other", "partner transfers");
    let answers: Vec<_> =
        (0..101).map(|_| bank.send("partner.bank.test", &partner, PARTNER, "5").status).collect();
    assert_eq!((answers[99], answers[100]), (200, 429));
}

#[test]
fn more_than_a_million_needs_a_second_factor_of_the_last_five_minutes() {
    let bank = Bank::open();
    let api = "api.bank.test";
    let weak = bank.token("kim", "web", "transfers");
    let strong = |seconds: u64| {
        bank.with("kim", "web", "transfers", |claims| {
            claims["acr"] = json!("urn:ondol:acr:2fa");
            claims["auth_time"] = json!(now() - seconds);
        })
    };
    let (fresh, old) = (strong(240), strong(360));
    for (token, amount, status) in [
        (&weak, "1000000", 200),
        (&weak, "1000001", 401),
        (&weak, "9e9", 401),
        (&fresh, "5000000", 200),
        (&old, "5000000", 401),
        (&old, "5", 200),
    ] {
        let reply = bank.send(api, token, HOME, amount);
        assert_eq!(reply.status, status, "{amount}");
        assert_eq!(bank.reached(), usize::from(status == 200), "{amount}");
        let said = r#"Bearer realm="bank", error="insufficient_user_authentication", acr_values="urn:ondol:acr:2fa", max_age="300""#;
        assert_eq!(reply.header("www-authenticate"), (status == 401).then_some(said), "{amount}");
    }
    bank.clock.advance(Duration::from_secs(120));
    assert_eq!(bank.send(api, &fresh, HOME, "5000000").status, 401, "its five minutes are over");
    let partner = bank.token("acme", "acme", "partner transfers");
    assert_eq!(bank.send("partner.bank.test", &partner, PARTNER, "1000000").status, 200);
    assert_eq!(bank.send("partner.bank.test", &partner, PARTNER, "1000001").status, 401);
}

#[test]
fn a_service_that_fails_is_left_alone_and_the_others_go_on() {
    let bank = Bank::open();
    let kim = bank.token("kim", "web", ALL);
    for path in ["accounts", "transfers", "loans", "cards"] {
        let path = format!("/api/v1/{path}/7");
        assert_eq!(bank.read(&path, &kim).status, 200, "{path}");
        bank.reached();
        bank.fails.store(true, Ordering::SeqCst);
        for number in 0..5 {
            assert_eq!(bank.read(&path, &kim).status, 502, "{path} {number}");
        }
        bank.fails.store(false, Ordering::SeqCst);
        bank.reached();
        let reply = bank.read(&path, &kim);
        assert_eq!(reply.status, 503, "{path}");
        assert!(reply.body.contains("gateway-breaker-open"), "{}", reply.body);
        assert_eq!(bank.reached(), 0, "{path}");
    }
    bank.clock.advance(Duration::from_millis(9_900));
    assert_eq!(bank.read("/api/v1/cards/7", &kim).status, 503);
    bank.clock.advance(Duration::from_millis(100));
    for path in ["accounts", "transfers", "loans", "cards"] {
        let path = format!("/api/v1/{path}/7");
        assert_eq!(bank.read(&path, &kim).status, 200, "{path}: it is tried again");
    }
}

#[test]
fn nobody_waits_longer_than_it_says() {
    let bank = Bank::open();
    let api = "api.bank.test";
    let kim = bank.token("kim", "web", ALL);
    let (atm, acme) =
        (bank.token("m", "atm", "cash"), bank.token("a", "acme", "partner transfers"));
    assert_eq!(bank.read("/api/v1/accounts/7", &kim).status, 200, "the keys are there");
    bank.reached();
    bank.hangs.store(true, Ordering::SeqCst);
    let (partner, accounts) = ("partner.bank.test", "/api/v1/accounts/7");
    for (host, from, method, path, token, seconds) in [
        (api, HOME, "GET", accounts, &kim, 5),
        (api, HOME, "GET", "/api/v1/transfers/7", &kim, 10),
        (api, HOME, "POST", "/api/v1/transfers", &kim, 10),
        (api, HOME, "GET", "/api/v1/loans/7", &kim, 5),
        (api, HOME, "GET", "/api/v1/cards/7", &kim, 5),
        ("atm.bank.test", MACHINE, "GET", accounts, &atm, 5),
        (partner, PARTNER, "GET", accounts, &acme, 5),
        (partner, PARTNER, "POST", "/api/v1/transfers", &acme, 10),
    ] {
        let body = if method == "POST" { "{\"amount\":{\"amount\":\"5\"}}" } else { "" };
        let ask = Ask { host, method, path, token, from, body };
        let reply = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| bank.ask(ask));
            until("it has reached its service", || bank.reached() > 0);
            bank.clock.advance(Duration::from_millis(seconds * 1_000 - 1));
            assert!(!waiting.is_finished(), "{method} {host}{path}");
            // Nobody can see when it has begun to wait: time goes on until it is over.
            until("it is over", || {
                bank.clock.advance(Duration::from_millis(500));
                waiting.is_finished()
            });
            waiting.join().expect("an answer")
        });
        assert_eq!(reply.status, 504, "{method} {host}{path}");
    }
}

#[test]
fn pages_of_the_bank_may_call_it_and_others_may_not() {
    let bank = Bank::open();
    let asked = |path: &str, origin: &str, method: &str| {
        let request = format!(
            "OPTIONS {path} HTTP/1.1\r\nHost: api.bank.test\r\nConnection: close\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: {method}\r\n\r\n"
        );
        Reply::of(&bank.rig.send(request.as_bytes(), usize::MAX))
    };
    for (path, method, more) in [
        ("/api/v1/accounts/7", "PUT", "authorization, content-type"),
        ("/api/v1/accounts/7", "DELETE", "authorization, content-type"),
        ("/api/v1/transfers/7", "GET", "authorization, content-type, idempotency-key"),
        ("/api/v1/transfers", "POST", "authorization, content-type, idempotency-key"),
        ("/api/v1/loans/7", "GET", "authorization, content-type"),
        ("/api/v1/cards/7", "POST", "authorization, content-type"),
    ] {
        let good = asked(path, "https://www.bank.test", method);
        assert_eq!(good.status, 204, "{path}");
        assert_eq!(good.header("access-control-allow-origin"), Some("https://www.bank.test"));
        assert_eq!(good.header("access-control-allow-headers"), Some(more), "{path}");
        let methods = good.header("access-control-allow-methods").expect("methods");
        assert!(methods.contains(method), "{path}: {methods}");
        let bad = asked(path, "https://www.bank.test.evil", method);
        assert_eq!(bad.header("access-control-allow-origin"), None, "{path}");
    }
    assert_eq!(bank.reached(), 0);
}

#[test]
fn keys_are_found_what_is_taken_back_is_known_and_the_log_tells_who_it_was() {
    let bank = Bank::open();
    let kim = bank.token("kim", "web", ALL);
    assert_eq!(bank.read("/api/v1/accounts/7", &kim).status, 200);
    let asked: Vec<_> = bank.issuer.upstream.received().into_iter().map(|it| it.head).collect();
    assert!(asked[0].starts_with("GET /.well-known/openid-configuration "), "{asked:?}");
    assert_eq!(asked.len(), 2);
    bank.rig.handle.revocations("bank").session("s1");
    assert_eq!(bank.read("/api/v1/accounts/7", &kim).status, 401, "J19");
    let log = bank.folder.path().join("access.log");
    drop(bank.rig);
    let text = std::fs::read_to_string(log).expect("a log");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!((&lines[0]["caller"], &lines[0]["proved_by"]), (&json!("kim"), &json!("token")));
    assert_eq!(lines[1]["reason"], "gateway-token-invalid");
    assert!(!text.contains("eyJ"), "a token: {text}");
}

#[test]
fn every_transaction_is_written_down_masked_and_a_large_one_raises_an_alarm_within_a_second() {
    let bank = Bank::open();
    let fresh = bank.with("kim", "web", ALL, |claims| {
        claims["acr"] = json!("urn:ondol:acr:2fa");
        claims["auth_time"] = json!(now());
    });
    let body = r#"{"from":"a","to":"b","amount":{"amount":"20000000","currency":"KRW"},"memo":"for Hana",
        "note":"kim@example.kr, +82 10 1234 5678, card 4111 1111 1111 1111"}"#;
    let path = "/api/v1/transfers";
    let ask = Ask { host: "api.bank.test", method: "POST", path, token: &fresh, from: HOME, body };
    assert_eq!(bank.ask(ask).status, 200);
    let waited = SystemClock::start();
    let alarm = "ondol_gateway_alerts_total{alert=\"large\"}";
    until("operations are told", || bank.rig.metric(alarm) == Some(1));
    assert!(waited.running() < Duration::from_secs(1), "{:?}", waited.running());
    assert_eq!(bank.ask(Ask { token: "", ..ask }).status, 401);
    assert_eq!(bank.read("/api/v1/accounts/7", &fresh).status, 200);
    let file = bank.folder.path().join("transactions");
    let written = || std::fs::read_to_string(&file).unwrap_or_default();
    until("all three are written", || written().matches('\n').count() == 3);
    let written = written();
    for told in ["20000000", "\"status\":200", "\"status\":401", "/api/v1/accounts/7", "1111"] {
        assert!(written.contains(told), "{told}: {written}");
    }
    for hidden in ["Hana", "kim@", "1234 5678", "4111", fresh.as_str()] {
        assert!(!written.contains(hidden), "{hidden}: {written}");
    }
    assert_eq!(verify_lines(&[file]).expect("a whole chain").0, 3);
}
