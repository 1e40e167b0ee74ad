//! Issuers: where their keys come from, what happens when they are away, and what they take back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ondol_auth::{SigningKey, TokenType};
use ondol_gateway::{Config, Revocations, Services, Surroundings};
use serde_json::{Value, json};

use super::house::{House, Issuer, now, published, toml};
use crate::rig::{Reply, Rig, Upstream, say, until};

const ROUTE: &str = "[routes.all]\nto = \"bank\"\nauth = { issuer = \"house\" }\n";

fn route(_folder: &std::path::Path) -> String {
    ROUTE.to_owned()
}

fn paths(upstream: &Upstream) -> Vec<String> {
    let heads = upstream.received().into_iter().map(|it| it.head);
    heads.map(|head| head.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
}

#[test]
fn keys_are_found_where_the_issuer_says_they_are() {
    let house = House::with(route, "discover = true");
    assert_eq!(house.bearer(&house.issuer.good()).status, 200);
    assert_eq!(paths(&house.issuer.upstream), ["/.well-known/openid-configuration", "/keys"]);
    let asked = house.issuer.upstream.received();
    assert_eq!(asked[0].header("host"), Some("id.test"));
}

#[test]
fn o14_an_issuer_that_is_another_or_sends_us_elsewhere_is_not_believed() {
    let (reached, elsewhere) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let answers = [
        r#"{"issuer":"http://id.test/","jwks_uri":"http://id.test/keys"}"#,
        r#"{"issuer":"http://evil.test","jwks_uri":"http://id.test/keys"}"#,
        r#"{"issuer":"http://id.test","jwks_uri":"http://evil.test/keys"}"#,
        r#"{"issuer":"http://id.test","jwks_uri":"https://id.test/keys"}"#,
        r#"{"issuer":"http://id.test","jwks_uri":"/keys"}"#,
        r#"{"issuer":"http://id.test"}"#,
        "not JSON",
    ];
    let (reach, else_) = (Arc::clone(&reached), Arc::clone(&elsewhere));
    let provider = Upstream::answering(move |received, stream| {
        if !received.head.starts_with("GET /.well-known/openid-configuration ") {
            else_.fetch_add(1, Ordering::SeqCst);
        }
        say(stream, answers[reach.fetch_add(1, Ordering::SeqCst) % answers.len()])
    });
    let mut issuer = Issuer::open();
    issuer.upstream = provider;
    let said = "discover = true\nfetch_apart = \"1ms\"";
    let house = House::before(issuer, Upstream::start(), route, said);
    // Requests that come too soon after one another share what was answered to the first.
    until("all its answers were heard", || {
        let reply = house.bearer(&house.issuer.good());
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")));
        reached.load(Ordering::SeqCst) >= answers.len()
    });
    assert_eq!(elsewhere.load(Ordering::SeqCst), 0, "nothing else was asked");
}

#[test]
fn a_redirect_a_failure_and_an_endless_answer_are_no_keys() {
    let turn = Arc::new(AtomicUsize::new(0));
    let provider = Upstream::answering(move |_received, stream| {
        use std::io::Write as _;
        match turn.fetch_add(1, Ordering::SeqCst) {
            0 => write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
            )
            .is_ok(),
            1 => write!(stream, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").is_ok(),
            2 => write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{}",
                "x".repeat(100_000)
            )
            .is_ok(),
            3 => false,
            _ => true,
        }
    });
    let mut issuer = Issuer::open();
    issuer.upstream = provider;
    let said = "jwks = \"/keys\"\nfetch_apart = \"1ms\"\nfetch_within = \"300ms\"";
    let house = House::before(issuer, Upstream::start(), route, said);
    for what in ["a redirect", "a failure", "too much", "nothing", "silence"] {
        let reply = house.bearer(&house.issuer.good());
        assert_eq!(reply.status, 503, "{what}");
        assert!(reply.body.contains("gateway-issuer-unavailable"), "{what}: {}", reply.body);
    }
    assert!(paths(&house.issuer.upstream).iter().all(|path| path == "/keys"));
    assert!(house.bank.received().is_empty());
}

#[test]
fn keys_rotate_without_a_token_being_lost_and_the_old_ones_go() {
    let house = House::with(route, "jwks = \"/keys\"\nfetch_apart = \"1ms\"");
    let issuer = &house.issuer;
    let old = issuer.good();
    assert_eq!(house.bearer(&old).status, 200);
    let (next, _bytes) = SigningKey::generate().expect("a key");
    let new = next.sign(TokenType::Access, &issuer.claims()).expect("it signs");
    issuer.publish(&[published(&issuer.key), published(&next)]);
    until("the new key is known", || house.bearer(&new).status == 200);
    assert_eq!(house.bearer(&old).status, 200);
    issuer.publish(&[published(&next)]);
    let (third, _bytes) = SigningKey::generate().expect("a key");
    let unknown = third.sign(TokenType::Access, &issuer.claims()).expect("it signs");
    until("the old key is gone", || {
        assert_eq!(house.bearer(&unknown).status, 401, "it makes the gateway look");
        house.bearer(&old).status == 401
    });
    assert_eq!(house.bearer(&new).status, 200);
}

#[test]
fn a_flood_of_unknown_keys_asks_the_issuer_once() {
    let house = House::with(route, "jwks = \"/keys\"");
    assert_eq!(house.bearer(&house.issuer.good()).status, 200);
    let (thief, _bytes) = SigningKey::generate().expect("a key");
    let forged = thief.sign(TokenType::Access, &house.issuer.claims()).expect("it signs");
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert_eq!(house.bearer(&forged).status, 401));
        }
    });
    assert_eq!(house.issuer.upstream.received().len(), 1, "within ten seconds");
    assert_eq!(house.bearer(&house.issuer.good()).status, 200);
}

#[test]
fn all_who_come_first_wait_for_the_same_keys_and_whoever_hangs_up_spoils_nothing() {
    let (go, gate) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut issuer = Issuer::open();
    let set = json!({ "keys": [published(&issuer.key)] }).to_string();
    let (goes, fetches) = (Arc::clone(&go), Arc::clone(&gate));
    issuer.upstream = Upstream::answering(move |_received, stream| {
        fetches.fetch_add(1, Ordering::SeqCst);
        until("it is let go", || goes.load(Ordering::SeqCst));
        say(stream, &set)
    });
    let house = House::before(issuer, Upstream::start(), route, "jwks = \"/keys\"");
    let token = house.issuer.good();
    let head =
        format!("GET /a HTTP/1.1\r\nHost: bank.test\r\nAuthorization: Bearer {token}\r\n\r\n");
    let first = std::net::TcpStream::connect(house.rig.address).expect("a connection");
    std::io::Write::write_all(&mut &first, head.as_bytes()).expect("a request");
    until("the keys are asked for", || gate.load(Ordering::SeqCst) == 1);
    drop(first);
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..5).map(|_| scope.spawn(|| house.bearer(&token).status)).collect();
        go.store(true, Ordering::SeqCst);
        for one in waiting {
            assert_eq!(one.join().expect("an answer"), 200);
        }
    });
    assert_eq!(gate.load(Ordering::SeqCst), 1, "one fetch for all");
}

#[test]
fn an_issuer_that_is_away_changes_nothing_for_those_whose_keys_are_known() {
    let said = "jwks = \"/keys\"\nfresh_for = \"1ms\"\nfetch_apart = \"1ms\"";
    let house = House::with(route, said);
    assert_eq!(house.bearer(&house.issuer.good()).status, 200);
    house.issuer.hush(true);
    for number in 0..10 {
        let token = house.issuer.with("jti", json!(format!("t{number}")));
        assert_eq!(house.bearer(&token).status, 200, "the keys at hand");
    }
    let (thief, _bytes) = SigningKey::generate().expect("a key");
    let forged = thief.sign(TokenType::Access, &house.issuer.claims()).expect("it signs");
    assert_eq!(house.bearer(&forged).status, 401);
}

#[test]
fn keys_in_a_file_are_read_again_when_it_changes() {
    let issuer = Issuer::open();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.json");
    let write = |key: &SigningKey| {
        std::fs::write(&file, json!({ "keys": [published(key)] }).to_string()).expect("a file");
    };
    write(&issuer.key);
    let bank = Upstream::start();
    let toml = format!(
        "[backends.bank]\nendpoints = [\"http://{}\"]\n[issuers.house]\nissuer = \"http://id.test\"\n\
         audience = [\"shop\", \"bank\"]\nkeys = {file:?}\n{ROUTE}",
        bank.address
    );
    let rig = Rig::start(&toml);
    let asked = |token: &str| rig.get("/a", &format!("Authorization: Bearer {token}\r\n")).status;
    let old = issuer.good();
    assert_eq!(asked(&old), 200);
    let (next, _bytes) = SigningKey::generate().expect("a key");
    let new = next.sign(TokenType::Access, &issuer.claims()).expect("it signs");
    assert_eq!(asked(&new), 401);
    write(&next);
    until("the new key is known", || asked(&new) == 200);
    assert_eq!(asked(&old), 401);
    std::fs::write(&file, "{}").expect("a file");
    let failed = rig.handle.reload(Config::read("next.toml", &toml).expect("a configuration"));
    assert!(failed.is_err(), "a bad file is refused");
    assert_eq!(asked(&new), 200, "and the keys at hand stay");
}

#[test]
fn an_issuer_of_this_very_process_is_a_call_away() {
    let issuer = Issuer::open();
    let bank = Upstream::start();
    let folder = tempfile::tempdir().expect("a folder");
    let set = json!({ "keys": [published(&issuer.key)] }).to_string();
    let service = tower::service_fn(move |_request: http::Request<ondol_gateway::Body>| {
        let set = set.clone();
        async move {
            Ok::<_, std::convert::Infallible>(http::Response::new(ondol_gateway::Body::full(set)))
        }
    });
    let text = toml(&issuer, &bank, folder.path(), "jwks = \"/keys\"");
    let text = text.replace(&format!("http://{}", issuer.upstream.address), "service:identity");
    let text = format!("listen = [\"127.0.0.1:0\"]\nworkers = 1\n{text}{ROUTE}");
    let revoked = Revocations::default();
    let around = Surroundings {
        services: Services::new().with("identity", service),
        revocations: [("house".to_owned(), revoked.clone())].into(),
        ..Surroundings::default()
    };
    let rig = Rig::around(Config::read("gateway.toml", &text).expect("a configuration"), around);
    let asked = || rig.get("/a", &format!("Authorization: Bearer {}\r\n", issuer.good())).status;
    assert_eq!(asked(), 200);
    revoked.subject("kim", now() + 1);
    assert_eq!(asked(), 401, "J19: what is heard elsewhere in the process is heard here");
}

#[test]
fn each_token_is_held_against_its_own_issuer() {
    let (one, other) = (Issuer::open(), Issuer::open());
    let at = other.upstream.address;
    let house = House::before(
        one,
        Upstream::start(),
        |_folder| {
            format!(
                "[backends.other]\nendpoints = [\"http://{at}\"]\n[issuers.other]\nissuer = \"http://other.test\"\n\
                 audience = \"bank\"\nbackend = \"other\"\njwks = \"/keys\"\n\
                 [routes.all]\nto = \"bank\"\nauth = {{ issuer = [\"house\", \"other\"] }}\n"
            )
        },
        "jwks = \"/keys\"",
    );
    let as_other = |issuer: &Issuer| issuer.with("iss", json!("http://other.test"));
    assert_eq!(house.bearer(&house.issuer.good()).status, 200);
    assert_eq!(house.bearer(&as_other(&other)).status, 200);
    assert_eq!(house.bearer(&as_other(&house.issuer)).status, 401, "in another's name");
    assert_eq!(house.bearer(&other.good()).status, 401, "in the house's name");
    assert_eq!(house.bearer(&house.issuer.with("iss", json!("http://third.test"))).status, 401);
}

/// An issuer that says whether tokens are active, and remembers how often it was asked.
fn introspecting(active: &Arc<AtomicBool>, up: &Arc<AtomicBool>) -> Issuer {
    let mut issuer = Issuer::open();
    let set = json!({ "keys": [published(&issuer.key)] }).to_string();
    let (active, up) = (Arc::clone(active), Arc::clone(up));
    issuer.upstream = Upstream::answering(move |received, stream| {
        if received.head.starts_with("GET /keys ") {
            return say(stream, &set);
        }
        let body = json!({ "active": active.load(Ordering::SeqCst) }).to_string();
        up.load(Ordering::SeqCst) && say(stream, &body)
    });
    issuer
}

#[test]
fn j19_a_gateway_that_stands_alone_asks_the_issuer_and_knows_within_five_seconds() {
    let (active, up) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
    let issuer = introspecting(&active, &up);
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "a secret: for tests\n").expect("a secret");
    let said = format!(
        "jwks = \"/keys\"\nintrospect = {{ path = \"/introspect\", client = \"gateway\", secret_file = {:?}, every = \"200ms\", timeout = \"300ms\" }}",
        secret.path()
    );
    let house = House::before(issuer, Upstream::start(), route, &said);
    let token = house.issuer.good();
    for _ in 0..3 {
        assert_eq!(house.bearer(&token).status, 200);
    }
    let asked: Vec<_> = house.issuer.upstream.received();
    let question =
        asked.iter().find(|it| it.head.starts_with("POST /introspect ")).expect("a question");
    // client:secret, each as a form has it.
    let basic = "Basic Z2F0ZXdheTphJTIwc2VjcmV0JTNBJTIwZm9yJTIwdGVzdHM=";
    assert_eq!(question.header("authorization"), Some(basic));
    let body = String::from_utf8_lossy(&question.body).into_owned();
    assert_eq!(body, format!("token={token}&token_type_hint=access_token"));
    active.store(false, Ordering::SeqCst);
    until("it is known", || house.bearer(&token).status == 401);
    active.store(true, Ordering::SeqCst);
    until("it is good again", || house.bearer(&token).status == 200);
    up.store(false, Ordering::SeqCst);
    until("nobody knows", || house.bearer(&token).status == 503);
    let reply = house.bearer(&token);
    assert!(reply.body.contains("gateway-issuer-unavailable"), "{}", reply.body);
    let lines = house.lines();
    assert!(lines.iter().all(|line: &Value| !line.to_string().contains("secret:")), "a secret");
}

#[test]
fn a_token_that_is_asked_about_by_many_at_once_is_asked_about_once() {
    let (active, up) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
    let issuer = introspecting(&active, &up);
    let secret = tempfile::NamedTempFile::new().expect("a file");
    let said = format!(
        "jwks = \"/keys\"\nintrospect = {{ path = \"/introspect\", client = \"gateway\", secret_file = {:?}, every = \"5s\" }}",
        secret.path()
    );
    let house = House::before(issuer, Upstream::start(), route, &said);
    let token = house.issuer.good();
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| assert_eq!(house.bearer(&token).status, 200));
        }
    });
    let questions = paths(&house.issuer.upstream);
    assert_eq!(questions.iter().filter(|path| *path == "/introspect").count(), 1, "{questions:?}");
}

#[test]
fn a_gateway_that_rather_goes_on_does_when_its_issuer_is_silent() {
    let (active, up) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let issuer = introspecting(&active, &up);
    let secret = tempfile::NamedTempFile::new().expect("a file");
    let said = format!(
        "jwks = \"/keys\"\nintrospect = {{ path = \"/introspect\", client = \"gateway\", secret_file = {:?}, on_failure = \"pass\" }}",
        secret.path()
    );
    let house = House::before(issuer, Upstream::start(), route, &said);
    assert_eq!(house.bearer(&house.issuer.good()).status, 200);
}

#[test]
fn keys_and_tokens_outlive_a_change_of_something_else() {
    let house = House::with(route, "jwks = \"/keys\"");
    assert_eq!(house.bearer(&house.issuer.good()).status, 200);
    house.issuer.hush(true);
    let text = toml(&house.issuer, &house.bank, house.folder.path(), "jwks = \"/keys\"");
    house.rig.reload(&format!("{text}{ROUTE}timeout = \"7s\"\n"));
    assert_eq!(house.bearer(&house.issuer.good()).status, 200);
    house.rig.reload(&format!("{text}tokens_max = 5\n{ROUTE}"));
    assert_eq!(house.bearer(&house.issuer.good()).status, 200, "the keys stay");
    assert_eq!(house.issuer.upstream.received().len(), 1);
    let strict = text.replace("audience = \"bank\"", "audience = \"shop\"");
    house.rig.reload(&format!("{strict}{ROUTE}"));
    assert_eq!(house.bearer(&house.issuer.good()).status, 401, "what was remembered does not");
    let reply: Reply = house.bearer(&house.issuer.with("aud", json!("shop")));
    assert_eq!(reply.status, 200);
}
