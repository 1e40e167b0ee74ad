//! A service of the house that is asked whether a request may go on.

use std::io::Write as _;

use super::house::{House, Issuer};
use crate::rig::{Reply, Rig, Upstream, say};

/// Says yes to `/check/good`, and otherwise what the last part of the path says.
fn authorizer() -> Upstream {
    Upstream::answering(|received, stream| {
        let path = received.head.split(' ').nth(1).unwrap_or_default();
        match path.rsplit('/').next().unwrap_or_default() {
            "good" => write!(
                stream,
                "HTTP/1.1 200 OK\r\nX-Limit: 5\r\nX-Other: no\r\nContent-Length: 0\r\n\r\n"
            )
            .is_ok(),
            "hang" => true,
            "gone" => false,
            "challenge" => write!(
                stream,
                "HTTP/1.1 401 No\r\nWWW-Authenticate: Own x=\"y\"\r\nContent-Length: 6\r\n\r\nsecret"
            )
            .is_ok(),
            status if status.parse::<u16>().is_ok() => write!(
                stream,
                "HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 6\r\n\r\nsecret"
            )
            .is_ok(),
            _ => say(stream, "yes"),
        }
    })
}

struct Asked {
    house: House,
    authorizer: Upstream,
}

fn asked(more: &str) -> Asked {
    asked_within("8s", more)
}

fn asked_within(timeout: &str, more: &str) -> Asked {
    let authorizer = authorizer();
    let at = authorizer.address;
    let house = House::before(
        Issuer::open(),
        Upstream::start(),
        |_folder| {
            format!(
                "[backends.judge]\nendpoints = [\"http://{at}\"]\n[routes.all]\npath = \"/do/{{what}}\"\nto = \"bank\"\n\
                 auth = {{ issuer = \"house\", optional = true, forward_token = false }}\n\
                 authorize = {{ backend = \"judge\", path = \"/check/{{what}}\", headers = [\"x-shown\"], adds = [\"x-limit\"], timeout = \"{timeout}\"{more} }}\n"
            )
        },
        "jwks = \"/keys\"",
    );
    Asked { house, authorizer }
}

fn get(rig: &Rig, path: &str, more: &str) -> Reply {
    rig.get(path, more)
}

#[test]
fn what_it_says_is_done_and_anything_but_a_yes_or_a_no_is_no_answer() {
    let Asked { house, authorizer } = asked("");
    for (path, status, code) in [
        ("/do/good", 200, ""),
        ("/do/403", 403, "gateway-authorizer-refused"),
        ("/do/401", 401, "gateway-authorizer-refused"),
        ("/do/302", 503, "gateway-authorizer-silent"),
        ("/do/404", 503, "gateway-authorizer-silent"),
        ("/do/500", 503, "gateway-authorizer-silent"),
        ("/do/gone", 503, "gateway-authorizer-silent"),
    ] {
        let reply = get(&house.rig, path, "X-Shown: a\r\nX-Hidden: b\r\nX-Limit: 9\r\n");
        assert_eq!(reply.status, status, "{path}");
        assert!(
            reply.body.contains(code) && !reply.body.contains("secret"),
            "{path}: {}",
            reply.body
        );
        let seen = house.bank.take();
        assert_eq!(seen.len(), usize::from(status == 200), "{path}");
        if let Some(seen) = seen.first() {
            assert_eq!(seen.header("x-limit"), Some("5"), "what it adds, and not the client's");
            assert_eq!(seen.header("x-other"), None, "what it was not asked to add");
        }
    }
    let said = get(&house.rig, "/do/challenge", "");
    assert_eq!((said.status, said.header("www-authenticate")), (401, Some("Own x=\"y\"")));
    let question = &authorizer.received()[0];
    assert!(question.head.starts_with("GET /check/good HTTP/1.1\r\n"), "{}", question.head);
    for (header, value) in [
        ("x-shown", Some("a")),
        ("x-hidden", None),
        ("x-limit", None),
        ("x-user-id", None),
        ("x-forwarded-method", Some("GET")),
        ("x-forwarded-uri", Some("/do/good")),
        ("x-forwarded-host", Some("bank.test")),
        ("x-forwarded-for", Some("127.0.0.1")),
    ] {
        assert_eq!(question.header(header), value, "{header}");
    }
}

#[test]
fn it_is_told_who_asks_and_sees_no_body_and_no_token() {
    let Asked { house, authorizer } = asked(", method = \"POST\"");
    let token = house.issuer.good();
    let headers = format!("Authorization: Bearer {token}\r\nX-User-Id: evil\r\n");
    assert_eq!(house.post("/do/good?q=1", &headers, "body").status, 200);
    let question = &authorizer.received()[0];
    assert!(question.head.starts_with("POST /check/good HTTP/1.1\r\n"), "{}", question.head);
    assert_eq!(question.header("x-user-id"), Some("kim"));
    assert_eq!(question.header("x-forwarded-uri"), Some("/do/good?q=1"));
    assert!(!question.head.contains("eyJ") && question.body.is_empty(), "{}", question.head);
    assert_eq!(house.bank.take()[0].body, b"body");
}

#[test]
fn one_that_hangs_is_not_waited_for() {
    for (more, status) in [("", 503), (", on_failure = \"pass\"", 200)] {
        let Asked { house, authorizer: _judge } = asked_within("200ms", more);
        let reply = get(&house.rig, "/do/hang", "");
        assert_eq!(reply.status, status, "{more}");
        assert_eq!(reply.header("retry-after"), (status == 503).then_some("5"));
        assert_eq!(house.bank.take().len(), usize::from(status == 200), "{more}");
    }
}

#[test]
fn a_house_that_would_rather_go_on_says_so() {
    let Asked { house, authorizer: _judge } = asked(", on_failure = \"pass\"");
    for (path, status) in [("/do/gone", 200), ("/do/500", 200), ("/do/403", 403)] {
        assert_eq!(get(&house.rig, path, "").status, status, "{path}");
    }
}

#[test]
fn an_authorizer_that_is_only_watched_stops_nobody() {
    let Asked { house, authorizer: _judge } = asked(", mode = \"observe\"");
    assert_eq!(get(&house.rig, "/do/403", "").status, 200);
    assert_eq!(get(&house.rig, "/do/gone", "").status, 200);
    let counted = |code: &str| {
        house.rig.metric(&format!("ondol_gateway_observed_total{{reason=\"{code}\"}}"))
    };
    assert_eq!(counted("gateway-authorizer-refused"), Some(1));
    assert_eq!(counted("gateway-authorizer-silent"), Some(1));
    let Asked { house, authorizer } = asked(", mode = \"off\"");
    assert_eq!(get(&house.rig, "/do/403", "").status, 200);
    assert!(authorizer.received().is_empty());
}
