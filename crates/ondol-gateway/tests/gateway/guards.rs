//! What a request may look like, how it is held against a description, and what browsers are told.

use std::io::Write;
use std::path::PathBuf;

use ondol_gateway::Config;

use super::rig::{Reply, Rig, Upstream};

fn text(upstream: &Upstream, route: &str) -> String {
    format!(
        "listen = [\"127.0.0.1:0\"]\nworkers = 1\n[backends.one]\nendpoints = [\"http://{}\"]\n\
         [routes.all]\nto = \"one\"\n{route}\n",
        upstream.address
    )
}

fn rig(upstream: &Upstream, route: &str) -> Rig {
    Rig::with(Config::read("gateway.toml", &text(upstream, route)).expect("a good configuration"))
}

fn post(rig: &Rig, target: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    let request = format!(
        "POST {target} HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    );
    Reply::of(&rig.send(request.as_bytes(), usize::MAX))
}

#[test]
fn a_body_of_another_type_than_is_listed_goes_nowhere() {
    let upstream = Upstream::start();
    let rig = rig(&upstream, "accept = { content_types = [\"application/json\", \"*+json\"] }");
    for (content_type, status) in [
        ("Content-Type: application/json\r\n", 200),
        ("Content-Type: application/vnd.bank+json; charset=utf-8\r\n", 200),
        ("Content-Type: text/xml\r\n", 415),
        ("Content-Type: application/json; charset=utf-16\r\n", 415),
        ("Content-Type: application/json\r\nContent-Type: text/xml\r\n", 415),
        ("", 415),
    ] {
        let reply = post(&rig, "/a", content_type, "{}");
        assert_eq!(reply.status, status, "{content_type}");
        assert_eq!(upstream.take().len(), usize::from(status == 200), "{content_type}");
    }
    assert_eq!(rig.get("/a", "").status, 200, "what has no body has no type");
}

#[test]
fn a_query_and_headers_are_as_large_as_the_route_allows() {
    let upstream = Upstream::start();
    let limits = "query_bytes_max = 10, parameters_max = 2, headers_max = 4, header_bytes_max = 80";
    let rig = rig(&upstream, &format!("accept = {{ {limits} }}"));
    let status = |target: &str, headers: &str| rig.get(target, headers).status;
    assert_eq!(status("/a?b=1&c=2", ""), 200);
    assert_eq!(status("/a?b=1&c=2&d=", ""), 414);
    assert_eq!(status("/a?b=1&c&d", ""), 414);
    assert_eq!(status("/a", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n"), 431);
    assert_eq!(status("/a", &format!("A: {}\r\n", "x".repeat(80))), 431);
}

#[test]
fn what_only_watches_over_requests_lets_them_pass_and_counts() {
    let upstream = Upstream::start();
    let route = "accept = { mode = \"observe\", content_types = [\"application/json\"] }\n\
                 security = { mode = \"observe\" }";
    let rig = rig(&upstream, route);
    let reply = post(&rig, "/a", "Content-Type: text/xml\r\n", "<a/>");
    assert_eq!((reply.status, reply.header("referrer-policy")), (200, None));
    let observed = |reason: &str| {
        rig.metric(&format!("ondol_gateway_observed_total{{reason=\"gateway-{reason}\"}}"))
    };
    assert_eq!(observed("unsupported-media-type"), Some(1));
    assert_eq!(observed("answer-unprotected"), Some(1));
}

#[test]
fn browsers_are_told_how_careful_to_be_with_every_answer_of_the_route() {
    let upstream = Upstream::answering(|_, stream| {
        let headers = "Referrer-Policy: same-origin\r\nContent-Security-Policy: default-src 'self'";
        write!(
            stream,
            "HTTP/1.1 200 OK\r\n{headers}\r\nX-Powered-By: x\r\nContent-Length: 0\r\n\r\n"
        )
        .is_ok()
    });
    let route = "security = { headers = { x-powered-by = \"ondol\" } }\n\
                 accept = { query_bytes_max = 3 }";
    let rig = rig(&upstream, route);
    let reply = rig.get("/a", "");
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("referrer-policy"), Some("same-origin"), "the service knows better");
    assert_eq!(reply.header("x-powered-by"), Some("ondol"));
    assert_eq!(reply.header("strict-transport-security"), None, "only over TLS");
    let head = reply.head.to_ascii_lowercase();
    assert!(
        head.contains("default-src 'self'") && head.contains("frame-ancestors 'none'"),
        "{head}"
    );
    let refused = rig.get("/a?long", "");
    assert_eq!((refused.status, refused.header("referrer-policy")), (414, Some("no-referrer")));
}

const BANK: &str = r#"{
  "openapi": "3.1.0",
  "info": { "title": "a bank", "version": "1" },
  "paths": {
    "/transfers/{id}": {
      "put": {
        "parameters": [
          { "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } },
          { "name": "dry", "in": "query", "schema": { "type": "boolean" } }
        ],
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "type": "object",
                "required": ["amount"],
                "properties": { "amount": { "type": "integer", "minimum": 1 } },
                "additionalProperties": false
              }
            },
            "text/csv": {}
          }
        }
      }
    }
  }
}"#;

/// A folder with a description in it.
fn described(description: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bank.json");
    std::fs::write(&file, description).expect("a file");
    (folder, file)
}

fn put(rig: &Rig, target: &str, content_type: &str, body: &str, piece: usize) -> Reply {
    let head = format!(
        "PUT {target} HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\
         Content-Type: {content_type}\r\n"
    );
    let request = match piece {
        usize::MAX => format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()),
        _ => format!(
            "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ),
    };
    Reply::of(&rig.send(request.as_bytes(), piece))
}

#[test]
fn a_request_that_is_as_described_goes_on_byte_for_byte() {
    let (_folder, file) = described(BANK);
    let upstream = Upstream::start();
    let rig = rig(&upstream, &format!("validate = {{ openapi = {file:?} }}"));
    let body = "  {\"amount\" : 5}\n";
    for piece in [usize::MAX, 1] {
        let reply = put(&rig, "/transfers/7?dry=true", "application/json", body, piece);
        assert_eq!(reply.status, 200, "{}", reply.body);
        let received = upstream.take();
        assert_eq!(received[0].body, body.as_bytes());
    }
    assert_eq!(put(&rig, "/transfers/7", "text/csv", "a,b", usize::MAX).status, 200);
}

#[test]
fn a_request_that_is_not_as_described_is_told_where_and_goes_nowhere() {
    let (_folder, file) = described(BANK);
    let upstream = Upstream::start();
    let options = format!("validate = {{ openapi = {file:?}, body_bytes_max = 40 }}");
    let rig = rig(&upstream, &options);
    let json = "application/json";
    let long = format!("{{\"amount\":1{}}}", " ".repeat(40));
    for (target, media, body, status, said) in [
        (
            "/transfers/x",
            json,
            "{\"amount\":1}",
            422,
            r#"[{"in":"path","name":"id","rule":"type"}]"#,
        ),
        ("/transfers/7?dry=no", json, "{\"amount\":1}", 422, r#""name":"dry""#),
        ("/transfers/7", json, "{\"amount\":0}", 422, r#""pointer":"/amount","rule":"minimum""#),
        ("/transfers/7", json, "{\"amount\":1,\"role\":\"secret\"}", 422, "additionalProperties"),
        ("/transfers/7", json, "", 422, "required"),
        ("/transfers/7", json, "{\"amount\":1,\"amount\":2}", 400, "gateway-json-malformed"),
        ("/transfers/7", json, "{\"amount\":1", 400, "gateway-json-malformed"),
        ("/transfers/7", "text/xml", "<a/>", 415, "gateway-unsupported-media-type"),
        ("/transfers/7", json, long.as_str(), 413, "too-large"),
        ("/transfers", json, "{}", 404, "gateway-operation-unknown"),
    ] {
        let reply = put(&rig, target, media, body, usize::MAX);
        assert_eq!(reply.status, status, "{target} {body}: {}", reply.body);
        assert!(reply.body.contains(said), "{target} {body}: {}", reply.body);
        assert!(!reply.body.contains("secret"), "a value is told: {}", reply.body);
    }
    assert_eq!(rig.get("/transfers/7", "").status, 405);
    let packed = put(&rig, "/transfers/7", "application/json\r\nContent-Encoding: gzip", "x", 1);
    assert_eq!(packed.status, 415);
    assert_eq!(upstream.take().len(), 0);
}

#[test]
fn a_description_that_only_watches_loses_nothing_of_what_it_reads() {
    let (_folder, file) = described(BANK);
    let upstream = Upstream::start();
    let options = format!(
        "validate = {{ openapi = {file:?}, mode = \"observe\", unknown = \"pass\", body_bytes_max = 8 }}"
    );
    let rig = rig(&upstream, &options);
    let long = format!("{{\"amount\":0{}}}", " ".repeat(3000));
    let long = long.as_str();
    for (body, piece) in [("{\"a\":0}", usize::MAX), (long, usize::MAX), (long, 100), ("{", 1)] {
        let reply = put(&rig, "/transfers/7", "application/json", body, piece);
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(upstream.take()[0].body, body.as_bytes());
    }
    assert_eq!(rig.get("/else", "").status, 200, "what is not described passes");
    assert_eq!(rig.refusals(), 0);
    assert!(rig.handle.metrics().contains("observed_total{reason=\"gateway-request-invalid\"} 1"));
}

#[test]
fn a_description_that_cannot_be_used_is_found_where_it_is_named() {
    let upstream = Upstream::start();
    let (_folder, file) =
        described(&BANK.replace("\"integer\", \"minimum\"", "\"int\", \"minimum\""));
    let route = format!("validate = {{ openapi = {file:?} }}");
    let findings = Config::read("gateway.toml", &text(&upstream, &route)).expect_err("a finding");
    let findings = findings.to_string();
    assert!(findings.starts_with("gateway.toml:7:14: "), "{findings}");
    assert!(
        findings.contains("bank.json: `/paths/~1transfers~1{id}/put/requestBody"),
        "{findings}"
    );
    let route = "validate = { openapi = \"/nowhere/bank.json\" }";
    let findings = Config::read("gateway.toml", &text(&upstream, route)).expect_err("a finding");
    assert!(findings.to_string().contains("/nowhere/bank.json: "), "{findings}");
}

#[test]
fn a_description_that_has_changed_is_read_again_and_a_bad_one_changes_nothing() {
    let (_folder, file) = described(BANK);
    let upstream = Upstream::start();
    let route = format!("validate = {{ openapi = {file:?} }}");
    let rig = rig(&upstream, &route);
    let status =
        || put(&rig, "/transfers/7", "application/json", "{\"amount\":0}", usize::MAX).status;
    assert_eq!(status(), 422);
    std::fs::write(&file, "no description").expect("a file");
    let config =
        rig.handle.reload(toml::from_str::<Config>(&text(&upstream, &route)).expect("TOML"));
    assert!(config.is_err(), "a route that cannot be made is not made without its guard");
    assert_eq!(status(), 422);
    std::fs::write(&file, BANK.replace("\"minimum\": 1", "\"minimum\": 0")).expect("a file");
    rig.reload(&text(&upstream, &route));
    assert_eq!(status(), 200);
}

#[test]
fn guards_that_would_do_nothing_are_refused() {
    let upstream = Upstream::start();
    for (route, what) in [
        ("accept = {}", "it accepts everything"),
        ("accept = { content_types = [\"json\"] }", "`json`: a media type is like"),
        ("accept = { headers_max = 0 }", "every request has a header"),
        ("security = { frame_ancestors = \"'none'; x\" }", "no `;`"),
        ("security = { headers = { \"a b\" = \"c\" } }", "`a b` is not a header's name"),
        (
            "security = { hsts = \"0s\", nosniff = false, frame_ancestors = \"\", referrer_policy = \"\" }",
            "it says nothing",
        ),
    ] {
        let read = Config::read("gateway.toml", &text(&upstream, route));
        let findings = read.expect_err("a finding").to_string();
        assert!(findings.contains(what) && findings.contains("gateway.toml:7:"), "{findings}");
    }
}
