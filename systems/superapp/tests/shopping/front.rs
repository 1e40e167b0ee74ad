//! What the gateway in front does: whom it lets in, how often, what it gives again, what it puts
//! together, which versions it knows, and what it says can be asked.

use ondol_auth::{AccessClaims, Audience, SigningKey, TokenType};
use ondol_testkit::browser::BrowserOptions;
use serde_json::{Value, json};

use super::seat::{ENGLISH, Seat};
use super::stranger::{CLIENTS, Reply, Stranger};
use super::town::{Patience, Town};

/// How often somebody may ask in a minute.
const PER_MINUTE: u32 = 300;

#[test]
fn nobody_comes_to_what_is_somebodys_own_without_saying_who_he_is() {
    let town = Town::begin_with(CLIENTS);
    let nobody = Stranger::nobody(&town);
    for path in ["/api/v1/cart", "/api/v1/orders", "/api/v1/preorders/1", "/api/v1/sales"] {
        let reply = nobody.get(path);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (401, "gateway-caller-unknown"),
            "{path}"
        );
        assert!(reply.header("www-authenticate").is_some_and(|how| how.starts_with("Bearer")));
    }
    let buyer = Stranger::named(&town, "buyer");
    assert_eq!(buyer.get("/api/v1/cart").status, 200);

    // What somebody else has signed is not believed, whatever it says.
    let reply = Stranger::showing(&town, forged()).get("/api/v1/cart");
    assert_eq!((reply.status, reply.code().as_str()), (401, "gateway-token-invalid"));

    // The shop is run by those who run it.
    let delivery = json!({ "note": "n", "pieces": 5 });
    let tea = nobody.finds("Chamomile");
    let path = format!("/api/v1/stock/{tea}/deliveries");
    for reply in [
        buyer.get("/api/v1/sales"),
        buyer.get("/api/v1/payments/waiting"),
        buyer.does("POST", &path, "d", &delivery),
    ] {
        assert_eq!((reply.status, reply.code().as_str()), (403, "gateway-not-allowed"));
    }
    let clerk = Stranger::named(&town, "clerk");
    assert_eq!(clerk.get("/api/v1/sales?month=2026-11").status, 200);
    let delivered = clerk.does("POST", &path, "d", &delivery);
    assert!(delivered.status < 300, "{delivered:?}");
    let level = nobody.get(&format!("/api/v1/stock?ids={tea}"));
    assert_eq!(level.status, 200, "{level:?}");
}

/// A token that says it is of the house, and is signed with a key that is not.
fn forged() -> String {
    let (key, _bytes) = SigningKey::generate().expect("a key");
    let claims = AccessClaims {
        iss: "http://127.0.0.1:8080".to_owned(),
        sub: "buyer".to_owned(),
        aud: Audience(vec!["ondol".to_owned()]),
        exp: u64::from(u32::MAX),
        iat: 1_700_000_000,
        nbf: None,
        jti: "forged".to_owned(),
        client_id: "buyer".to_owned(),
        scope: String::new(),
        roles: vec!["ops".to_owned()],
        sid: None,
        tenant: None,
        acr: None,
        amr: Vec::new(),
        auth_time: None,
        cnf: None,
    };
    key.sign(TokenType::Access, &claims).expect("it can be signed")
}

/// A program that somebody lets in, which keeps no secret; and the proof of RFC 7636's example.
const LET_IN: &str = r#"
[[settings.identity.clients]]
id = "let-in"
name = "Let in"
redirect_uris = ["http://127.0.0.1:8080/back"]
scopes = ["openid", "shop"]
grants = ["authorization_code"]
is_trusted = true
"#;
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Asks for tokens, and takes them back.
fn form(town: &Town, path: &str, form: &str) -> Reply {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    Stranger::nobody(town).asks("POST", path, &headers, form)
}

#[test]
fn a_token_that_was_given_back_opens_nothing_any_more() {
    let town = Town::begin_with(LET_IN);
    let mut seat = Seat::in_town(
        town,
        "given-back",
        BrowserOptions { languages: ENGLISH, ..BrowserOptions::default() },
    );
    seat.signs_in();
    let back = seat.town.address("/back");
    seat.go(&format!(
        "/oauth2/authorize?response_type=code&client_id=let-in&scope=openid+shop&state=s&redirect_uri={back}\
         &code_challenge={CHALLENGE}&code_challenge_method=S256"
    ));
    let query = seat.look("location.search");
    let query = query.as_str().expect("a query").trim_start_matches('?');
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code=")).expect(query);
    let town = &seat.town;
    let asked = format!(
        "grant_type=authorization_code&client_id=let-in&redirect_uri={back}&code={code}&code_verifier={VERIFIER}"
    );
    let tokens = form(town, "/oauth2/token", &asked);
    let token = tokens.json()["access_token"].as_str().expect("a token").to_owned();
    let holder = Stranger::showing(town, token.clone());
    assert_eq!(holder.get("/api/v1/cart").status, 200);

    let given_back = form(town, "/oauth2/revoke", &format!("client_id=let-in&token={token}"));
    assert_eq!(given_back.status, 200, "{given_back:?}");
    let patience = Patience::new();
    loop {
        let reply = holder.get("/api/v1/cart");
        if reply.status != 200 {
            assert_eq!((reply.status, reply.code().as_str()), (401, "gateway-token-invalid"));
            break;
        }
        assert!(!patience.is_over(), "the gateway never hears of it");
    }
}

#[test]
fn whoever_asks_too_often_waits_and_holds_nobody_else_up() {
    let town = Town::begin_with(CLIENTS);
    let (buyer, other) = (Stranger::named(&town, "buyer"), Stranger::named(&town, "other"));
    let paths = ["/api/v1/cart", "/api/v1/orders"];
    for (asked, path) in (0..PER_MINUTE).zip(paths.iter().cycle()) {
        let reply = buyer.get(path);
        assert_eq!(reply.status, 200, "after {asked}: {reply:?}");
    }
    // It is one limit, whatever is asked.
    for path in paths {
        let reply = buyer.get(path);
        assert_eq!((reply.status, reply.code().as_str()), (429, "gateway-rate-limited"));
        let wait: u32 = reply.header("retry-after").expect("when").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(other.get("/api/v1/cart").status, 200);
    assert_eq!(buyer.get("/api/v1/categories").status, 200, "what all may see is not his own");
}

#[test]
fn a_product_is_given_again_and_whoever_has_changed_it_sees_what_he_changed() {
    let town = Town::begin_with(CLIENTS);
    let nobody = Stranger::nobody(&town);
    let path = format!("/api/v1/products/{}", nobody.finds("Chamomile"));
    let given = |reply: &Reply| {
        let status = reply.header("cache-status").unwrap_or_default().to_owned();
        status.starts_with("ondol; hit")
    };
    let first = nobody.get(&path);
    assert_eq!(first.json()["price"]["amount"], "9800");
    assert!(!given(&first), "{first:?}");
    let again = nobody.get(&path);
    assert!(given(&again), "{again:?}");
    assert_eq!(again.text, first.text);

    let clerk = Stranger::named(&town, "clerk");
    assert!(given(&clerk.get(&path)), "it is the same for whoever says who he is");
    let price = json!({ "price": { "amount": "12000", "currency": "KRW" } });
    let priced = clerk.does("PUT", &format!("{path}/price"), "p", &price);
    assert!(priced.status < 300, "{priced:?}");
    let position = priced.header("ondol-position").expect("where it stands in the log");
    let seen = nobody.asks("GET", &path, &[("ondol-after", position)], "");
    assert_eq!(seen.json()["price"]["amount"], "12000", "{seen:?}");
}

#[test]
fn the_first_page_is_one_answer_put_together() {
    let town = Town::begin();
    let nobody = Stranger::nobody(&town);
    nobody.finds("The last moon jar");
    let home = nobody.get("/api/v1/home?lang=en&currency=USD");
    assert_eq!((home.status, home.header("ondol-complete")), (200, Some("?1")), "{home:?}");
    let body = home.json();
    let picked = body["recommended"]["items"].as_array().expect("products");
    assert_eq!(picked.len(), 8);
    assert!(picked.iter().all(|goods| goods["price"]["currency"] == "USD"));
    assert_eq!(body["categories"].as_array().map(Vec::len), Some(5));
    // Whoever does not say how it is to be shown sees it as it is usual.
    let usual = nobody.get("/api/v1/home");
    assert_eq!(usual.header("ondol-complete"), Some("?1"), "{usual:?}");
    assert_eq!(usual.json()["recommended"]["items"][0]["price"]["currency"], "KRW");
}

#[test]
fn a_client_gets_the_version_that_it_knows_and_is_told_when_it_goes() {
    let town = Town::begin();
    let nobody = Stranger::nobody(&town);
    let path = format!("/api/products/{}?lang=en", nobody.finds("Chamomile"));
    let asks = |header: (&str, &str)| nobody.asks("GET", &path, &[header], "");
    let newest = nobody.get(&path);
    assert_eq!(newest.json()["name"], "Chamomile", "{newest:?}");
    for header in
        [("api-version", "1"), ("accept", "application/vnd.ondol.shop.v1+json, text/html;q=0.1")]
    {
        let first = asks(header);
        assert_eq!(first.json(), newest.json());
        assert_eq!(first.header("deprecation"), None);
    }
    let old = asks(("api-version", "0"));
    assert_eq!((&old.json()["title"], &old.json()["name"]), (&json!("Chamomile"), &Value::Null));
    assert!(old.header("deprecation").is_some_and(|since| since.starts_with('@')), "{old:?}");
    assert_eq!(old.header("sunset"), Some("Fri, 01 Jan 2027 00:00:00 GMT"));
    assert_eq!(old.header("link"), Some("</docs>; rel=\"deprecation\""));
    let list = nobody.asks("GET", "/api/products?q=chamomile&lang=en", &[("api-version", "0")], "");
    assert_eq!(list.json()["items"][0]["title"], "Chamomile", "{list:?}");
    let unknown = asks(("api-version", "7"));
    assert_eq!((unknown.status, unknown.code().as_str()), (400, "api-version"));
}

#[test]
fn everything_that_can_be_asked_stands_on_one_page() {
    let mut seat =
        Seat::take("docs", BrowserOptions { languages: ENGLISH, ..BrowserOptions::default() });
    let description = Stranger::nobody(&seat.town).get("/docs/openapi.json").json();
    let paths = description["paths"].as_object().expect("paths");
    for path in ["/api/v1/orders", "/api/v1/users/{user}/roles", "/accounts", "/api/v1/home"] {
        assert!(paths.contains_key(path), "{path} is missing");
    }
    // Whatever is referred to is there.
    let text = description.to_string();
    for (at, _) in text.match_indices("#/components/") {
        let pointer = text[at + 1..].split('"').next().expect("an end");
        assert!(description.pointer(pointer).is_some(), "{pointer} is nowhere");
    }
    // Shapes of different services do not take each other's names.
    let lines = &description["components"]["schemas"]["OrderBody"]["properties"]["lines"];
    let line = lines["items"]["$ref"].as_str().and_then(|line| line.strip_prefix('#'));
    let line = line.and_then(|line| description.pointer(line)).expect("a shape");
    assert_eq!(line["properties"]["pieces"]["type"], "integer", "{line}");
    seat.go("/docs");
    seat.sees("docs");
    let told = seat.look("document.querySelectorAll('main details').length");
    let operations = paths.values().filter_map(Value::as_object).flatten();
    let asked = operations.filter(|(name, _)| *name != "parameters").count();
    assert_eq!(told, asked, "each operation is told once");
    seat.look("document.querySelector('#about-orders').parentElement.querySelectorAll('details')[1].open = true");
    seat.until_text("The request's own key");
    assert_eq!(
        seat.look(
            "[...document.querySelectorAll('a[href^=\"#\"]')]\
             .every(link => document.getElementById(link.hash.slice(1)))"
        ),
        true
    );
}
