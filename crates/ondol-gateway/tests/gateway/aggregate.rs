//! One answer out of several.

use std::io::Write;
use std::time::Duration;

use ondol_gateway::{Config, Services};
use tower::service_fn;

use super::rig::{Rig, Upstream};

/// A backend that answers JSON by path; `/slow` and `/broken` in their ways.
fn backend(answers: &'static [(&'static str, &'static str)]) -> Upstream {
    Upstream::answering(move |received, stream| {
        let target = received.head.split(' ').nth(1).unwrap_or_default().to_owned();
        if target.starts_with("/slow") {
            std::thread::park_timeout(Duration::from_millis(600));
        }
        let (status, body) = match answers.iter().find(|(path, _)| target.starts_with(path)) {
            Some((_, body)) => (200, *body),
            None => (404, "{}"),
        };
        let (more, body) = body.split_once('|').unwrap_or(("", body));
        let length = body.len();
        write!(stream, "HTTP/1.1 {status} X\r\n{more}Content-Length: {length}\r\n\r\n{body}")
            .is_ok()
    })
}

fn rig(users: &Upstream, shop: &Upstream, parts: &str) -> Rig {
    Rig::start(&text(users, shop, parts))
}

fn text(users: &Upstream, shop: &Upstream, parts: &str) -> String {
    format!(
        "[backends.users]\nendpoints = [\"http://{}\"]\n[backends.shop]\nendpoints = [\"http://{}\"]\n\
         [routes.home]\npath = \"/home/{{id}}\"\n{parts}",
        users.address, shop.address
    )
}

const PARTS: &str = r#"
[routes.home.aggregate.parts.user]
from = "users"
path = "/users/{id}"
required = true
pick = ["/name", "/balance", "/shop"]
rename = { "/name" = "called" }
[routes.home.aggregate.parts.goods]
from = "shop"
path = "/goods?of={user:/shop}&n={?n}"
drop = ["/*/secret"]
at = "/lists/goods"
timeout = "300ms"
"#;

#[test]
fn one_answer_is_put_together_from_several() {
    let users = backend(&[(
        "/users/7",
        r#"{"name":"Kim","balance":12345678901234567890.10,"shop":"s/1","x":1}"#,
    )]);
    let shop = backend(&[("/goods", r#"[{"id":1,"secret":2}]"#)]);
    let rig = rig(&users, &shop, PARTS);
    let reply = rig.get("/home/7?n=a%26b", "Authorization: Bearer t\r\nRange: bytes=0-1\r\n");
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(
        reply.body,
        r#"{"lists":{"goods":[{"id":1}]},"user":{"called":"Kim","balance":12345678901234567890.10,"shop":"s/1"}}"#
    );
    assert_eq!(reply.header("ondol-complete"), Some("?1"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let asked = shop.received();
    assert!(asked[0].head.starts_with("GET /goods?of=s%2F1&n=a%26b HTTP/1.1"), "{}", asked[0].head);
    assert_eq!(asked[0].header("authorization"), Some("Bearer t"));
    assert_eq!(asked[0].header("range"), None);
    assert!(asked[0].header("traceparent").is_some());
}

#[test]
fn what_is_missing_is_said_unless_it_is_needed() {
    let users = backend(&[("/users/7", r#"{"name":"Kim","shop":"1"}"#)]);
    let shop = backend(&[]);
    let rig_partial = rig(&users, &shop, PARTS);
    let partial = rig_partial.get("/home/7", "");
    assert_eq!(partial.body, r#"{"user":{"called":"Kim","shop":"1"}}"#);
    assert_eq!(partial.header("ondol-complete"), Some("?0;missing=\"goods\""));
    assert_eq!(partial.header("cache-control"), Some("private, no-store"));
    let nobody = rig_partial.get("/home/8", "");
    assert_eq!(nobody.status, 404);
    assert!(nobody.body.contains("gateway-part-missing"));
    let all = format!("aggregate.all_or_nothing = true\n{PARTS}");
    let broken = rig(&users, &shop, &all).get("/home/7", "");
    assert_eq!(broken.status, 404, "all or nothing");
    let post = "POST /home/7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let answer = rig_partial.send(post.as_bytes(), 1000);
    assert!(answer.starts_with(b"HTTP/1.1 405"));
}

#[test]
fn parts_are_asked_side_by_side_and_none_longer_than_it_may_take() {
    let users = backend(&[("/slow", "1")]);
    let shop =
        backend(&[("/slow", "2"), ("/not", "no json"), ("/large", "\"xxxxxxxxxxxxxxxxxxxx\"")]);
    let part = |name: &str, from: &str, path: &str, timeout: &str| {
        format!(
            "[routes.home.aggregate.parts.{name}]\nfrom = \"{from}\"\npath = \"{path}\"\n\
             timeout = \"{timeout}\"\n"
        )
    };
    let parts = [
        part("a", "users", "/slow", "5s"),
        part("b", "shop", "/slow", "5s"),
        part("c", "shop", "/slow", "100ms"),
        part("d", "shop", "/not", "5s"),
        part("e", "shop", "/large", "5s"),
        part("f", "users", "/find/{?q}", "5s"),
    ];
    let rig = rig(&users, &shop, &format!("aggregate.part_bytes_max = 20\n{}", parts.join("")));
    let clock = ondol_doors::SystemClock::start();
    let reply = rig.get("/home/7?q=..", "");
    assert_eq!(reply.body, r#"{"a":1,"b":2}"#);
    assert_eq!(reply.header("ondol-complete"), Some("?0;missing=\"c d e f\""));
    let took = ondol_doors::Clock::running(&clock);
    assert!(
        took < Duration::from_millis(1150),
        "one after the other would take 1.2 s, not {took:?}"
    );
    assert!(users.received().iter().all(|it| !it.head.contains("..")), "nothing leads elsewhere");
}

#[test]
fn parts_may_be_services_of_the_same_process_and_are_guarded() {
    let hello = service_fn(|request: http::Request<ondol_gateway::Body>| async move {
        let who = request.uri().path().trim_start_matches('/').to_owned();
        Ok::<_, std::convert::Infallible>(http::Response::new(ondol_gateway::Body::full(format!(
            "{{\"hello\":\"{who}\"}}"
        ))))
    });
    let ill = Upstream::answering(|_, stream| {
        write!(stream, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n").is_ok()
    });
    let config = format!(
        "listen = [\"127.0.0.1:0\"]\nworkers = 1\n\
         [backends.near]\nendpoints = [\"service:hello\"]\n\
         [backends.ill]\nendpoints = [\"http://{}\"]\nbreaker = {{ failures_in_a_row = 2 }}\n\
         [routes.home]\npath = \"/{{id}}\"\ncache = {{ fresh = \"1m\" }}\n\
         [routes.home.aggregate.parts.near]\nfrom = \"near\"\npath = \"/{{id}}\"\nat = \"\"\n\
         [routes.home.aggregate.parts.ill]\nfrom = \"ill\"\npath = \"/\"\n",
        ill.address
    );
    let config = Config::read("gateway.toml", &config).expect("good");
    let rig = Rig::within(config, Services::new().with("hello", hello));
    for _ in 0..5 {
        assert_eq!(rig.get("/kim", "").body, r#"{"hello":"kim"}"#);
    }
    assert_eq!(
        ill.received().len(),
        2,
        "the breaker is open; and what is incomplete is not stored"
    );
}

#[test]
fn a_whole_answer_is_good_for_as_long_as_its_parts() {
    let users = backend(&[("/users", "Cache-Control: max-age=60\r\nVary: Accept-Language\r\n|{}")]);
    let shop = backend(&[
        ("/goods", "Cache-Control: max-age=30\r\nAge: 10\r\n|{}"),
        ("/own", "Cache-Control: private\r\n|{}"),
    ]);
    let parts = |path: &str| {
        format!(
            "[routes.home.aggregate.parts.a]\nfrom = \"users\"\npath = \"/users\"\n\
             [routes.home.aggregate.parts.b]\nfrom = \"shop\"\npath = \"{path}\"\n"
        )
    };
    let reply = rig(&users, &shop, &parts("/goods")).get("/home/7", "");
    assert_eq!(reply.header("cache-control"), Some("max-age=20"));
    assert_eq!(reply.header("vary"), Some("Accept-Language"));
    let reply = rig(&users, &shop, &parts("/own")).get("/home/7", "");
    assert_eq!(reply.header("cache-control"), Some("private, no-store"));
}

#[test]
fn an_answer_that_cannot_be_put_together_is_found_in_the_file() {
    for (part, what) in [
        ("from = \"users\"\npath = \"/{is}\"", "there is no parameter `is`; did you mean `id`?"),
        ("from = \"user\"\npath = \"/\"", "there is no backend `user`; did you mean `users`?"),
        ("from = \"users\"\npath = \"/{b:/x}\"", "there is no part `b`"),
        ("from = \"users\"\npath = \"/{a:/x}\"", "some parts wait for each other"),
        ("from = \"users\"\npath = \"x\"", "a path begins with `/`"),
        ("from = \"users\"\npath = \"/\"\npick = [\"x\"]", "a place is `/name/name`"),
        ("from = \"users\"\npath = \"/\"\ntimeout = \"0s\"", "nothing is done in no time"),
    ] {
        let text = format!(
            "[backends.users]\nendpoints = []\n[routes.home]\npath = \"/{{id}}\"\n\
             [routes.home.aggregate.parts.a]\n{part}\n"
        );
        let found = Config::read("gateway.toml", &text).expect_err(part).to_string();
        assert!(found.contains(what), "{found}");
    }
}
