//! Requests and answers that are changed on their way.

use std::io::Write;

use ondol_gateway::Config;

use super::rig::{Reply, Rig, Upstream};

fn upstream() -> Upstream {
    Upstream::answering(|received, stream| {
        let head = &received.head;
        let body = match head {
            head if head.contains("/large") => format!("[\"{}\"]", "x".repeat(3000)),
            head if head.contains("/text") => "plain".to_owned(),
            _ => r#"{"id":12345678901234567890.10,"secret":"s","old":{"a":1},"list":[{"x":1},{"x":2}]}"#
                .to_owned(),
        };
        let kind =
            if head.contains("/text") { "text/plain" } else { "application/json; charset=utf-8" };
        let coding = if head.contains("/coded") { "Content-Encoding: gzip\r\n" } else { "" };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{coding}Content-Length: {length}\r\n\
             ETag: \"theirs\"\r\nContent-Digest: sha-256=:x:\r\nX-Inner: 1\r\nServer: old\r\n\r\n"
        )
        .and_then(|()| match head.starts_with("HEAD") {
            true => Ok(()),
            false => write!(stream, "{body}"),
        })
        .is_ok()
    })
}

const ROUTE: &str = r#"
[routes.all.transform.request]
remove = ["x-legacy"]
rename = { "x-old" = "x-new" }
set = { "x-channel" = "web" }
add = { "via" = "1.1 ondol" }
json = [
    { set = "/channel", to = '"web"' },
    { remove = "/internal" },
    { rename = "/sum", to = "amount" },
    { set = "/items/*/seen", to = "true" },
]
body_bytes_max = 2000
[routes.all.transform.answer]
remove = ["x-inner", "server"]
set = { "x-served-by" = "ondol" }
json = [
    { remove = "/secret" },
    { rename = "/old", to = "new" },
    { set = "/list/*/y", to = "1.50" },
    { set = "/meta/version", to = "2" },
]
body_bytes_max = 2000
"#;

fn rig(upstream: &Upstream) -> Rig {
    let at = upstream.address;
    Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://{at}\"]\n[routes.all]\nto = \"one\"\n{ROUTE}"
    ))
}

fn post(rig: &Rig, headers: &str, body: &str) -> Reply {
    let length = body.len();
    let request = format!(
        "POST /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    Reply::of(&rig.send(request.as_bytes(), usize::MAX))
}

#[test]
fn a_request_is_changed_and_its_numbers_are_not() {
    let upstream = upstream();
    let rig = rig(&upstream);
    let body = r#"{"sum": 12345678901234567890.10, "internal":{"a":1}, "items":[{"id":1e2}]}"#;
    let headers = "X-Legacy: 1\r\nX-Old: a\r\nX-Old: b\r\nX-New: c\r\nX-Channel: app\r\nVia: 1.0 x\r\nContent-Digest: sha-256=:y:\r\n";
    assert_eq!(post(&rig, headers, body).status, 200);
    let asked = upstream.take().remove(0);
    assert_eq!(
        String::from_utf8(asked.body.clone()).expect("text"),
        r#"{"amount":12345678901234567890.10,"items":[{"id":1e2,"seen":true}],"channel":"web"}"#
    );
    assert_eq!(asked.header("content-length"), Some(asked.body.len().to_string().as_str()));
    assert_eq!((asked.header("x-legacy"), asked.header("x-old")), (None, None));
    assert_eq!((asked.header("x-channel"), asked.header("content-digest")), (Some("web"), None));
    let lower = asked.head.to_lowercase();
    for line in ["x-new: a\r\n", "x-new: b\r\n", "via: 1.0 x\r\n", "via: 1.1 ondol\r\n"] {
        assert!(lower.contains(line), "{line}");
    }
    assert!(!lower.contains("x-new: c"), "{lower}");
}

#[test]
fn a_request_that_cannot_be_changed_goes_nowhere() {
    let upstream = upstream();
    let rig = rig(&upstream);
    for (headers, body, status, code) in [
        ("", "{\"a\":1,\"a\":2}".to_owned(), 400, "gateway-body-malformed"),
        ("", "{".to_owned(), 400, "gateway-body-malformed"),
        ("", "[".repeat(1900), 400, "gateway-body-malformed"),
        ("", format!("\"{}\"", "x".repeat(2000)), 413, "gateway-body-too-large"),
        ("Content-Encoding: gzip\r\n", "{}".to_owned(), 415, "gateway-unknown-coding"),
    ] {
        let reply = post(&rig, headers, &body);
        assert_eq!(reply.status, status, "{body}");
        assert!(reply.body.contains(code), "{}", reply.body);
    }
    assert!(upstream.received().is_empty());
    let text = "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\n{";
    assert!(rig.send(text.as_bytes(), 1000).starts_with(b"HTTP/1.1 200"), "what is no JSON passes");
}

#[test]
fn an_answer_is_changed_and_all_that_is_said_of_it_fits() {
    let upstream = upstream();
    let rig = rig(&upstream);
    let reply =
        rig.get("/a", "Accept-Encoding: gzip\r\nRange: bytes=0-1\r\nIf-None-Match: \"theirs\"\r\n");
    let expected = r#"{"id":12345678901234567890.10,"new":{"a":1},"list":[{"x":1,"y":1.50},{"x":2,"y":1.50}],"meta":{"version":2}}"#;
    assert_eq!((reply.status, reply.body.as_str()), (200, expected));
    assert_eq!(reply.header("content-length"), Some(expected.len().to_string().as_str()));
    for gone in ["content-digest", "x-inner", "server"] {
        assert_eq!(reply.header(gone), None, "{gone}");
    }
    assert_eq!(reply.header("x-served-by"), Some("ondol"));
    let tag = reply.header("etag").expect("a tag").to_owned();
    assert_ne!(tag, "\"theirs\"");
    let asked = upstream.take().remove(0);
    assert_eq!((asked.header("range"), asked.header("if-none-match")), (None, None));
    assert_eq!(asked.header("accept-encoding"), Some("identity"));
    let known = rig.get("/a", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((known.status, known.body.as_str()), (304, ""));
    let head = rig.send(b"HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1000);
    let head = String::from_utf8_lossy(&head).into_owned();
    assert!(!head.contains("content-length") && !head.contains("theirs"), "{head}");
}

#[test]
fn an_answer_that_cannot_be_changed_is_not_passed_on_as_it_is() {
    let upstream = upstream();
    let rig = rig(&upstream);
    assert_eq!(rig.get("/text", "").body, "plain");
    let large = rig.get("/large", "");
    assert_eq!(large.status, 502);
    assert!(large.body.contains("gateway-answer-too-large"));
    assert_eq!(rig.get("/coded", "").status, 502, "the secret inside cannot be taken out");
}

#[test]
fn what_was_changed_is_stored_as_it_came_out() {
    let upstream = Upstream::answering(|_, stream| {
        let head = "Content-Type: application/json\r\nCache-Control: max-age=60\r\nVary: X-New\r\n";
        write!(stream, "HTTP/1.1 200 OK\r\n{head}Content-Length: 8\r\n\r\n{{\"a\": 1}}").is_ok()
    });
    let rig_with = |route: &str| {
        Rig::start(&format!(
            "[backends.one]\nendpoints = [\"http://{}\"]\n[routes.all]\nto = \"one\"\ncache = {{}}\n{route}",
            upstream.address
        ))
    };
    let rig = rig_with("transform.answer.json = [{ rename = \"/a\", to = \"b\" }]\n");
    assert_eq!(
        (rig.get("/a", "").body, rig.get("/a", "").body),
        ("{\"b\":1}".into(), "{\"b\":1}".into())
    );
    assert_eq!(upstream.take().len(), 1);
    let rig = rig_with("transform.request.rename = { \"x-old\" = \"x-new\" }\n");
    rig.get("/a", "X-Old: 1\r\n");
    rig.get("/a", "X-Old: 2\r\n");
    assert_eq!(upstream.take().len(), 2, "it varies by what the client has not sent like this");
}

#[test]
fn changes_that_mean_nothing_are_found_in_the_file() {
    for (change, what) in [
        ("transform = {}", "it needs changes"),
        ("transform.request = {}", "it changes nothing"),
        ("transform.request.set = { \"content-length\" = \"1\" }", "not for changing"),
        ("transform.request.set = { \"x-forwarded-for\" = \"1\" }", "not for changing"),
        ("transform.answer.remove = [\"a b\"]", "is not a header's name"),
        ("transform.answer.json = [{ set = \"/a\" }]", "a change is `set` and `to`"),
        ("transform.answer.json = [{ set = \"/a\", to = \"x\" }]", "a change is `set` and `to`"),
        ("transform.answer.json = [{ remove = \"\" }]", "a change is `set` and `to`"),
        ("compress = { level = 10 }", "it is between 1 and 9"),
        ("compress = { types = [\"json\"] }", "`json` is not a media type"),
    ] {
        let text = format!("[backends.b]\nendpoints = []\n[routes.all]\nto = \"b\"\n{change}\n");
        let found = Config::read("gateway.toml", &text).expect_err(change).to_string();
        assert!(found.contains(what), "{found}");
    }
}
