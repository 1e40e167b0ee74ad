//! Pages of other sites: row G8 of the attack table, and what browsers ask before they send.

use super::rig::{Reply, Rig, Upstream};

const LISTED: &str = "https://app.bank.test";
/// What is nearly listed and is not.
const STRANGERS: [&str; 16] = [
    "null",
    "https://evil.test",
    "http://app.bank.test",
    "https://app.bank.test:8443",
    "https://app.bank.test.evil.test",
    "https://app.bank.test/",
    "https://app.bank.testevil",
    "https://xapp.bank.test",
    "https://ok.com.evil",
    "https://a.ok.com.evil",
    "https://ok.com",
    "https://evilok.com",
    "https://.ok.com",
    "https://evil.test#.ok.com",
    "https://evil.test/.ok.com",
    "https://user@a.ok.com",
];

fn cors(more: &str) -> String {
    format!("cors = {{ origins = [\"{LISTED}\", \"https://*.ok.com\"]{more} }}\n")
}

/// A gateway before a backend that would let everyone in.
fn rig(upstream: &Upstream, cors: &str) -> Rig {
    Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://{}\"]\n[routes.all]\nto = \"one\"\nmethod = [\"GET\", \"DELETE\"]\n{cors}",
        upstream.address
    ))
}

fn lax() -> Upstream {
    Upstream::answering(|_, stream| {
        use std::io::Write;
        let head = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n\
                    Access-Control-Expose-Headers: x-secret\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(head.as_bytes()).is_ok()
    })
}

fn says_anything(reply: &Reply) -> bool {
    reply.head.to_ascii_lowercase().contains("access-control-")
}

#[test]
fn g8_a_page_that_is_not_listed_hears_nothing_and_a_listed_one_what_the_route_says() {
    let upstream = lax();
    let rig = rig(&upstream, &cors(", credentials = true, exposed = [\"etag\"]"));
    for origin in STRANGERS {
        let reply = rig.get("/a", &format!("Origin: {origin}\r\n"));
        assert_eq!(reply.status, 200, "{origin}");
        assert!(!says_anything(&reply), "{origin}: {}", reply.head);
        assert_eq!(reply.header("vary"), Some("origin"), "{origin}");
    }
    let twice = format!("Origin: {LISTED}\r\nOrigin: {LISTED}\r\n");
    assert!(!says_anything(&rig.get("/a", &twice)));
    for origin in [LISTED, "https://a.ok.com", "https://a.b.OK.com"] {
        let reply = rig.get("/a", &format!("Origin: {origin}\r\n"));
        assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
        assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(reply.header("access-control-expose-headers"), Some("etag"));
    }
}

#[test]
fn g8_a_browser_that_asks_first_is_answered_without_the_backend() {
    let upstream = lax();
    let more = ", methods = [\"DELETE\"], headers = [\"x-mine\"], max_age = \"1h\"";
    let rig = rig(&upstream, &cors(more));
    let ask = |origin: &str, method: &str| {
        let request = format!(
            "OPTIONS /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: {method}\r\n\r\n"
        );
        Reply::of(&rig.send(request.as_bytes(), usize::MAX))
    };
    let reply = ask(LISTED, "DELETE");
    assert_eq!(reply.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", LISTED),
        ("access-control-allow-methods", "GET, HEAD, POST, DELETE"),
        ("access-control-allow-headers", "x-mine"),
        ("access-control-max-age", "3600"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    assert_eq!(reply.header("access-control-allow-credentials"), None);
    for origin in STRANGERS {
        let reply = ask(origin, "DELETE");
        assert_eq!(reply.status, 204);
        assert!(!says_anything(&reply), "{origin}: {}", reply.head);
    }
    // No route takes PATCH here, and nobody's OPTIONS goes on.
    assert_eq!(ask(LISTED, "PATCH").status, 405);
    assert_eq!(upstream.bytes(), 0);
}

#[test]
fn g8_a_page_of_another_host_opens_no_websocket_unless_it_is_listed() {
    let upstream = Upstream::start();
    let wish = |origin: &str| {
        format!(
            "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n{origin}"
        )
    };
    for listed in ["", &cors("")] {
        let rig = rig(&upstream, listed);
        for origin in STRANGERS {
            let reply = rig_upgrade(&rig, &wish(&format!("Origin: {origin}\r\n")));
            assert_eq!(reply.status, 403, "{origin}");
            assert!(reply.body.contains("gateway-origin-refused"), "{}", reply.body);
            assert!(!says_anything(&reply), "{origin}: {}", reply.head);
        }
        let twice = "Origin: http://bank.test\r\nOrigin: http://bank.test\r\n";
        assert_eq!(rig_upgrade(&rig, &wish(twice)).status, 403);
        // Of those who were refused only the requests behind them went on.
        let refused = STRANGERS.len() + 1;
        let went_on = upstream.take();
        assert_eq!(went_on.len(), refused);
        assert!(went_on.iter().all(|request| request.header("upgrade").is_none()));
        // No browser, and a page of this very host.
        for origin in ["", "Origin: http://bank.test\r\n", "Origin: https://BANK.test\r\n"] {
            assert_eq!(rig_upgrade(&rig, &wish(origin)).status, 200, "{origin}");
        }
        let expected = if listed.is_empty() { 403 } else { 200 };
        let page = format!("Origin: {LISTED}\r\n");
        assert_eq!(rig_upgrade(&rig, &wish(&page)).status, expected);
        let received = upstream.take();
        assert_eq!(received[0].header("upgrade"), Some("websocket"), "it reached the backend");
    }
}

fn rig_upgrade(rig: &Rig, headers: &str) -> Reply {
    let request = format!("GET /a HTTP/1.1\r\nHost: bank.test\r\n{headers}\r\n");
    let after = "GET /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
    // A backend that does not agree answers as it always does; the second request ends it.
    Reply::of(&rig.send(format!("{request}{after}").as_bytes(), usize::MAX))
}

#[test]
fn an_origin_that_is_none_is_found_in_the_file() {
    for origin in ["*", "app.bank.test", "https://", "https://a/b", "https://*", "ftp://a", "null"]
    {
        let text = format!(
            "[routes.all]\nrespond = {{ status = 200 }}\ncors = {{ origins = [\"{origin}\"] }}\n"
        );
        let found = ondol_gateway::Config::read("gateway.toml", &text).expect_err(origin);
        let begin = format!("gateway.toml:3:10: `{origin}`: an origin is");
        assert!(found.to_string().starts_with(&begin), "{found}");
    }
}
