//! What the bank is told of whoever asks, and what it never sees.

use serde_json::json;

use super::house::{House, Issuer};
use crate::rig::{Upstream, say};

#[test]
fn g1_only_the_gateway_says_who_asks() {
    let house = House::with(
        |_folder| {
            "[routes.all]\nto = \"bank\"\n\
             auth = { issuer = \"house\", optional = true, tell = { x-user-id = \"subject\", \"x-who\" = \"claim:name\", x-session = \"session\" } }\n\
             [routes.open]\npath = \"/open\"\nto = \"bank\"\n"
                .to_owned()
        },
        "jwks = \"/keys\"",
    );
    let forged = "X-User-Id: admin\r\nX-Who: admin\r\nx-session: s9\r\nX_Who: admin\r\nX-Tenant: t\r\nX-Internal-Role: admin\r\n";
    assert_eq!(house.rig.get("/a", forged).status, 200);
    assert_eq!(house.rig.get("/open", forged).status, 200);
    let token = house.issuer.with("name", json!("Kim"));
    assert_eq!(
        house.rig.get("/a", &format!("{forged}Authorization: Bearer {token}\r\n")).status,
        200
    );
    let seen = house.bank.take();
    for (request, id, who, session) in
        [(0, None, None, None), (1, None, None, None), (2, Some("kim"), Some("Kim"), Some("s1"))]
    {
        let told = |name: &str| seen[request].header(name);
        assert_eq!((told("x-user-id"), told("x-who"), told("x-session")), (id, who, session));
        assert_eq!((told("x_who"), told("x-tenant"), told("x-internal-role")), (None, None, None));
    }
    let lines = house.lines();
    let callers: Vec<_> = lines.iter().map(|line| line["caller"].as_str()).collect();
    assert_eq!(callers, [None, None, Some("kim")]);
}

#[test]
fn a_token_goes_on_unless_the_route_takes_it_off() {
    for (forward, expected) in
        [("", true), (", forward_token = true", true), (", forward_token = false", false)]
    {
        let house = House::with(
            |_folder| {
                format!("[routes.all]\nto = \"bank\"\nauth = {{ issuer = \"house\"{forward} }}\n")
            },
            "jwks = \"/keys\"\ncookie = \"at\"\n",
        );
        let token = house.issuer.good();
        assert_eq!(house.bearer(&token).status, 200);
        assert_eq!(house.rig.get("/a", &format!("Cookie: a=b; at={token}; c=d\r\n")).status, 200);
        let seen = house.bank.take();
        assert_eq!(seen[0].header("authorization").is_some(), expected, "{forward}");
        let cookie = seen[1].header("cookie").expect("the others");
        assert_eq!(cookie.contains(&token), expected, "{forward}: {cookie}");
        assert!(cookie.contains("a=b") && cookie.contains("c=d"), "{cookie}");
    }
}

#[test]
fn a_cookie_acts_for_no_page_of_another_site() {
    let house = House::with(
        |_folder| {
            "[routes.all]\nto = \"bank\"\nauth = { issuer = \"house\" }\n\
             cors = { origins = [\"https://app.bank.test\"], credentials = true }\n"
                .to_owned()
        },
        "jwks = \"/keys\"\ncookie = \"at\"\n",
    );
    let cookie = format!("Cookie: at={}\r\n", house.issuer.good());
    for (origin, status) in [
        ("", 200),
        ("Origin: http://bank.test\r\n", 200),
        ("Origin: https://app.bank.test\r\n", 200),
        ("Origin: https://evil.test\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Origin: https://app.bank.test.evil\r\n", 403),
    ] {
        let reply = house.post("/a", &format!("{cookie}{origin}"), "x");
        assert_eq!(reply.status, status, "{origin}");
        assert_eq!(house.bank.take().len(), usize::from(status == 200), "{origin}");
    }
    let read = house.rig.get("/a", &format!("{cookie}Origin: https://evil.test\r\n"));
    assert_eq!(read.status, 200, "a page may ask, and its browser keeps the answer from it");
    assert_eq!(read.header("access-control-allow-origin"), None);
    let token =
        format!("Authorization: Bearer {}\r\nOrigin: https://evil.test\r\n", house.issuer.good());
    assert_eq!(
        house.post("/a", &token, "x").status,
        200,
        "a token is nothing that comes by itself"
    );
}

#[test]
fn a_page_that_is_listed_can_read_why_it_was_refused() {
    let house = House::with(
        |_folder| {
            "[routes.all]\nto = \"bank\"\nauth = { issuer = \"house\" }\n\
             cors = { origins = [\"https://app.bank.test\"] }\n"
                .to_owned()
        },
        "jwks = \"/keys\"",
    );
    let reply = house.rig.get("/a", "Origin: https://app.bank.test\r\n");
    assert_eq!(reply.status, 401);
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://app.bank.test"));
    let other = house.rig.get("/a", "Origin: https://evil.test\r\n");
    assert_eq!((other.status, other.header("access-control-allow-origin")), (401, None));
}

#[test]
fn scopes_roles_and_claims_decide_what_somebody_may() {
    let house = House::asking(
        r#"issuer = "house", scopes = ["accounts", "transfers"], roles = ["user", "teller"], claims = { channel = "web" }"#,
    );
    let issuer = &house.issuer;
    let token = |scope: &str, role: &str, channel: &str| {
        let mut claims = issuer.claims();
        claims["scope"] = json!(scope);
        claims["roles"] = json!([role]);
        claims["channel"] = json!(channel);
        issuer.signed(&claims)
    };
    let scope = r#"Bearer realm="bank", error="insufficient_scope", scope="accounts transfers""#;
    for (token, status, code, challenge) in [
        (token("accounts transfers", "user", "web"), 200, "", None),
        (token("accounts", "user", "web"), 403, "gateway-scope-missing", Some(scope)),
        (token("accounts transfers", "driver", "web"), 403, "gateway-not-allowed", None),
        (token("accounts transfers", "teller", "atm"), 403, "gateway-not-allowed", None),
    ] {
        let reply = house.bearer(&token);
        assert_eq!(reply.status, status, "{code}");
        assert_eq!(reply.header("www-authenticate"), challenge, "{code}");
        assert!(reply.body.contains(code), "{}", reply.body);
    }
    assert_eq!(house.bank.take().len(), 1);
}

#[test]
fn what_is_only_watched_is_noted_and_goes_on() {
    let house = House::asking(r#"issuer = "house", scopes = ["loans"], mode = "observe""#);
    assert_eq!(house.rig.get("/a", "").status, 200);
    assert_eq!(house.bearer("nonsense").status, 200);
    assert_eq!(house.bearer(&house.issuer.good()).status, 200);
    let seen = house.bank.take();
    let told: Vec<_> = seen.iter().map(|it| it.header("x-user-id")).collect();
    assert_eq!(told, [None, None, Some("kim")], "who is known is told, whatever he may");
    let lines = house.lines();
    let observed: Vec<_> = lines.iter().map(|line| line["observed"].as_str()).collect();
    let expected = ["gateway-caller-unknown", "gateway-token-invalid", "gateway-scope-missing"];
    assert_eq!(observed, expected.map(Some));
    let off = House::asking(r#"issuer = "house", mode = "off""#);
    assert_eq!(off.rig.get("/a", "").status, 200);
    assert!(off.issuer.upstream.received().is_empty());
}

#[test]
fn what_is_kept_for_bad_times_is_nobodys_own() {
    let bank = Upstream::answering(|received, stream| match received.header("x-user-id") {
        Some(who) => say(stream, who),
        None => false,
    });
    let house = House::before(
        Issuer::open(),
        bank,
        |_folder| {
            "[routes.all]\nto = \"bank\"\nauth = { issuer = \"house\", optional = true, forward_token = false }\n\
             fallback = { on = [502], kept = \"10m\" }\n"
                .to_owned()
        },
        "jwks = \"/keys\"",
    );
    assert_eq!(house.bearer(&house.issuer.good()).body, "kim");
    let nobody = house.rig.get("/a", "");
    assert_eq!(nobody.status, 502, "kim's answer was kept: {}", nobody.body);
}
