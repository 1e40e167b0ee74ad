//! A fresh proof for large amounts only: the body is read within a bound, and goes on as it came.

use serde_json::json;

use super::house::{House, now};
use crate::rig::{Reply, text};

const LARGE: &str = r#"issuer = "house", above = { at = "$.amount", amount = 1000000, acr = ["2fa"], max_age = "5m", body_bytes_max = 1024 }"#;
const STEP: &str = r#"Bearer realm="bank", error="insufficient_user_authentication", acr_values="2fa", max_age="300""#;

fn strong(house: &House, seconds_ago: u64) -> String {
    house.issuer.signed(&{
        let mut claims = house.issuer.claims();
        claims["acr"] = json!("2fa");
        claims["auth_time"] = json!(now() - seconds_ago);
        claims
    })
}

fn transfer(house: &House, token: &str, body: &str, more: &str) -> Reply {
    let headers =
        format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n{more}");
    house.post("/transfers", &headers, body)
}

#[test]
fn a_large_amount_needs_a_second_factor_proved_in_the_last_five_minutes() {
    let house = House::asking(LARGE);
    let (weak, fresh, old) = (house.issuer.good(), strong(&house, 200), strong(&house, 400));
    let (small, large) =
        (r#"{"to":"lee", "amount" : "1000000"}"#, r#"{"to":"lee","amount":1000001}"#);
    for (token, body, status) in [
        (&weak, small, 200),
        (&weak, large, 401),
        (&fresh, large, 200),
        (&old, large, 401),
        (&old, small, 200),
        (&weak, r#"{"amount":1,"amount":9000000}"#, 401),
        (&weak, r#"{"amount":"much"}"#, 401),
        (&weak, "{}", 401),
        (&weak, "", 401),
        (&fresh, "not JSON at all", 200),
    ] {
        let reply = transfer(&house, token, body, "");
        assert_eq!(reply.status, status, "{body}");
        let seen = house.bank.take();
        if status == 200 {
            assert_eq!(text(&seen[0].body), body, "it goes on as it came");
        } else {
            assert!(seen.is_empty(), "{body}");
            assert_eq!(reply.header("www-authenticate"), Some(STEP), "{body}");
            assert!(reply.body.contains("\"gateway-step-up\""), "{}", reply.body);
        }
    }
    let packed = transfer(&house, &weak, small, "Content-Encoding: gzip\r\n").status;
    assert!(matches!(packed, 400 | 401), "what is packed is not looked into: {packed}");
    assert!(house.bank.take().is_empty());
}

#[test]
fn a_body_in_pieces_with_trailers_goes_on_as_it_came() {
    let house = House::asking(LARGE);
    let request = format!(
        "POST /transfers HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n6\r\n{{\"amou\r\n6\r\nnt\":5}}\r\n0\r\nServer-Timing: a\r\n\r\n",
        house.issuer.good()
    );
    assert_eq!(Reply::of(&house.rig.send(request.as_bytes(), 1)).status, 200);
    assert_eq!(text(&house.bank.take()[0].body), "{\"amount\":5}server-timing: a");
}

#[test]
fn a_body_that_is_too_long_to_be_looked_at_is_refused() {
    let house = House::asking(LARGE);
    let body = format!("{{\"amount\":5,\"note\":\"{}\"}}", "x".repeat(2_000));
    assert_eq!(transfer(&house, &house.issuer.good(), &body, "").status, 413);
    let chunked = format!(
        "POST /transfers HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        house.issuer.good(),
        body.len()
    );
    assert_eq!(Reply::of(&house.rig.send(chunked.as_bytes(), 997)).status, 413);
    assert!(house.bank.take().is_empty());
    assert_eq!(transfer(&house, &strong(&house, 1), &body, "").status, 200, "nobody has to look");
}

#[test]
fn a_whole_route_can_ask_for_strength_and_age() {
    let house = House::asking(r#"issuer = "house", amr = ["otp"], max_age = "1m""#);
    let reply = house.bearer(&house.issuer.good());
    assert_eq!(reply.status, 401);
    let said = r#"Bearer realm="bank", error="insufficient_user_authentication", max_age="60""#;
    assert_eq!(reply.header("www-authenticate"), Some(said));
    assert_eq!(house.bearer(&house.issuer.with("amr", json!(["pwd", "otp"]))).status, 200);
}
