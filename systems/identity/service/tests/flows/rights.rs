//! Who may do what: A1 to A4 on every route, roles given and taken, and whoever has not shown that
//! his address is his own.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, asking};
use crate::factors::enrol;
use crate::house::{Answer, House, claims};

const STRONG: &str = "urn:ondol:acr:2fa";
const ADMIN: &str = "administrators = [\" Boss@Example.KR\"]\n";
pub(crate) const WHY: &str = r#"{"reason":"he has begun at the counter"}"#;
const BOSS: &str = "boss@example.kr";

/// An access token, and whose it is.
pub(crate) struct Bearer {
    pub(crate) token: String,
    pub(crate) subject: String,
    refresh: String,
}

pub(crate) async fn bearer(browser: &mut Browser<'_>, scope: &str) -> Bearer {
    let answer = browser.get(&asking(&[("scope", scope)])).await;
    let code = answer.sent("code").unwrap_or_else(|| unreachable!("no code: {}", answer.text));
    let tokens = browser.house.redeem(&code).await.json();
    let of = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let token = of("access_token");
    let subject = claims(&token)["sub"].as_str().expect("a name").to_owned();
    Bearer { token, subject, refresh: of("refresh_token") }
}

/// An administrator who has just proved himself by two things.
pub(crate) async fn boss(house: &House) -> (Browser<'_>, Bearer) {
    let mut browser = Browser::of(house, BOSS).await;
    enrol(&mut browser).await;
    let bearer = bearer(&mut browser, "openid roles").await;
    (browser, bearer)
}

pub(crate) fn role_at(subject: &str, role: &str) -> String {
    format!("/api/v1/users/{subject}/roles/{role}")
}

pub(crate) fn roles(answer: &Answer) -> Vec<String> {
    let roles = answer.json()["roles"].as_array().cloned().unwrap_or_default();
    roles.iter().filter_map(|role| role.as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_gives_and_takes_roles_and_it_is_written_down() {
    let house = House::open_with(ADMIN);
    let (_browser, boss) = boss(&house).await;
    assert_eq!(claims(&boss.token)["roles"], json!(["user", "admin"]));
    let mut kim = Browser::of(&house, "kim@example.kr").await;
    let before = bearer(&mut kim, "openid").await;
    for role in ["premium", "driver", "doctor", "teller", "trader", "ops"] {
        let place = role_at(&before.subject, role);
        let given = house.api(Method::PUT, &place, &boss.token, WHY).await;
        assert_eq!(given.status, StatusCode::OK, "{role}: {}", given.text);
        assert!(roles(&given).contains(&role.to_owned()));
        let again = house.api(Method::PUT, &place, &boss.token, WHY).await;
        assert_eq!(again.text, given.text, "twice is as good as once");
    }
    let with = bearer(&mut kim, "openid").await;
    assert!(claims(&with.token)["roles"].as_array().expect("roles").contains(&json!("teller")));
    assert!(house.is_active(&with.token).await);
    house.later(1);
    let place = role_at(&before.subject, "teller");
    let taken = house.api(Method::DELETE, &place, &boss.token, WHY).await;
    assert!(!roles(&taken).contains(&"teller".to_owned()), "{}", taken.text);
    assert!(!house.is_active(&with.token).await, "a token that still says so is taken back");
    house.later(1);
    let without = bearer(&mut kim, "openid").await;
    assert!(!claims(&without.token)["roles"].as_array().expect("roles").contains(&json!("teller")));
    let place = format!("/api/v1/users/{}/roles", before.subject);
    assert_eq!(roles(&house.api(Method::GET, &place, &boss.token, "").await), roles(&taken));
    let audit = house.audit();
    let said = format!("{} is teller: he has begun at the counter", before.subject);
    let record = audit.iter().find(|record| record["reason"] == said.as_str());
    let record = record.unwrap_or_else(|| unreachable!("{audit:#?}"));
    assert_eq!(
        (&record["action"], &record["outcome"], &record["actor"], &record["client"]),
        (&json!("role"), &json!("success"), &json!(boss.subject), &json!("web"))
    );
    assert_eq!(record["address"], "192.0.2.0/24");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_how_roles_are_given_and_taken() {
    let house = House::open();
    let described = house.get("/openapi.json").await.json();
    assert!(described["openapi"].as_str().is_some_and(|text| text.starts_with("3.1")));
    let place = &described["paths"]["/api/v1/users/{user}/roles/{role}"];
    for method in ["put", "delete"] {
        let about = &place[method];
        assert!(about["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method}");
        let body = &about["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(body, "#/components/schemas/Why", "{method}");
        assert!(about["responses"]["default"]["content"]["application/problem+json"].is_object());
        let of = |at: usize| about["parameters"][at]["name"].as_str().map(str::to_owned);
        assert_eq!((of(0).as_deref(), of(1).as_deref()), (Some("user"), Some("role")), "{method}");
    }
    let held = &described["paths"]["/api/v1/users/{user}/roles"]["get"]["responses"]["200"];
    assert!(held["content"]["application/json"]["schema"].is_object(), "{described:#}");
    let why = &described["components"]["schemas"]["Why"];
    assert_eq!(
        (&why["required"], &why["additionalProperties"]),
        (&json!(["reason"]), &json!(false))
    );
    assert!(described["components"]["schemas"]["Held"]["properties"]["roles"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a4_nobody_but_an_administrator_who_has_just_proved_himself_changes_roles() {
    let house = House::open_with(ADMIN);
    let (mut browser, boss) = boss(&house).await;
    let mut kim = Browser::of(&house, "kim@example.kr").await;
    let kims = bearer(&mut kim, "openid roles").await;
    let no_scope = bearer(&mut browser, "openid").await;
    let atm = house.form("/oauth2/token", "atm", &[("grant_type", "client_credentials")]).await;
    let atm = atm.json()["access_token"].as_str().expect("a token").to_owned();
    let every = [
        (Method::PUT, role_at(&kims.subject, "admin")),
        (Method::DELETE, role_at(&boss.subject, "user")),
        (Method::GET, format!("/api/v1/users/{}/roles", boss.subject)),
        (Method::PUT, role_at("nobody", "admin")),
    ];
    for (method, place) in every {
        let row = format!("A4 {method} {place}");
        for (who, token, status) in [
            ("nobody", "", StatusCode::UNAUTHORIZED),
            ("a stranger", "a.b.c", StatusCode::UNAUTHORIZED),
            ("a user", kims.token.as_str(), StatusCode::FORBIDDEN),
            ("a machine", atm.as_str(), StatusCode::FORBIDDEN),
            ("a client that may not", no_scope.token.as_str(), StatusCode::FORBIDDEN),
        ] {
            let answer = house.api(method.clone(), &place, token, WHY).await;
            assert_eq!(answer.status, status, "{row} by {who}: {}", answer.text);
            assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{row}");
        }
    }
    let failures = house
        .audit()
        .into_iter()
        .filter(|record| record["action"] == "role" && record["outcome"] == "failure");
    assert!(failures.count() >= 12, "every one who is known was written down");
    let held = format!("/api/v1/users/{}/roles", kims.subject);
    let kims_roles = roles(&house.api(Method::GET, &held, &boss.token, "").await);
    assert_eq!(kims_roles, ["user"], "nothing was done");
    house.later(901);
    let (fresh, stale) = (bearer(&mut browser, "openid roles").await, &held);
    let answer = house.api(Method::GET, stale, &fresh.token, "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "proved too long ago: {}", answer.text);
    assert_eq!(answer.json()["code"], "auth-step-up");
    let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().expect("text").to_owned();
    assert!(challenge.contains(STRONG) && challenge.contains("max_age"), "{challenge}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_is_one_no_longer_at_the_moment_he_is_not() {
    let house = House::open_with("administrators = [\"boss@example.kr\", \"vice@example.kr\"]\n");
    let (_first, boss) = boss(&house).await;
    let mut vice = Browser::of(&house, "vice@example.kr").await;
    enrol(&mut vice).await;
    let vices = bearer(&mut vice, "openid roles").await;
    let own = house.api(Method::DELETE, &role_at(&boss.subject, "admin"), &boss.token, WHY).await;
    assert_eq!(
        (own.status, &own.json()["code"]),
        (StatusCode::CONFLICT, &json!("identity-own-role"))
    );
    let place = role_at(&vices.subject, "admin");
    let taken = house.api(Method::DELETE, &place, &boss.token, WHY).await;
    assert_eq!(roles(&taken), ["user"], "{}", taken.text);
    let tries = house.api(Method::PUT, &place, &vices.token, WHY).await;
    assert_eq!(tries.status, StatusCode::UNAUTHORIZED, "{}", tries.text);
    let held = format!("/api/v1/users/{}/roles", vices.subject);
    assert_eq!(roles(&house.api(Method::GET, &held, &boss.token, "").await), ["user"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_what_a_body_or_a_form_is_not_asked_for_is_refused() {
    let house = House::open_with(ADMIN);
    let (_browser, boss) = boss(&house).await;
    let place = role_at(&boss.subject, "ops");
    for (body, status, code) in [
        (r#"{"reason":"x","role":"admin"}"#, 400, "json-unknown-field"),
        (r#"{"reason":"x","tenant_id":"b"}"#, 400, "json-unknown-field"),
        (r#"{"reason":"x","reason":"y"}"#, 400, "json-malformed"),
        (r#"{"reason":7}"#, 422, "json-unexpected"),
        (r#"{}"#, 422, "json-unexpected"),
        ("", 400, "json-malformed"),
    ] {
        let answer = house.api(Method::PUT, &place, &boss.token, body).await;
        assert_eq!(answer.status, status, "A3 {body}: {}", answer.text);
        assert_eq!(answer.json()["code"], code, "A3 {body}");
    }
    let empty = house.api(Method::PUT, &place, &boss.token, r#"{"reason":"  "}"#).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", empty.text);
    let mut browser = Browser::new(&house);
    for (path, pairs) in [
        ("/register", vec![("name", "Lee"), ("email", "lee@example.kr"), ("password", PASSWORD)]),
        ("/forgotten", vec![("email", "lee@example.kr")]),
        ("/sign-in", vec![("email", "lee@example.kr"), ("password", PASSWORD)]),
        ("/account", vec![("change", "sign-out")]),
        ("/device", vec![("user_code", "BBBB-BBBB")]),
    ] {
        for (name, value) in [
            ("role", "admin"),
            ("roles", "admin"),
            ("tenant_id", "b"),
            ("is_verified", "true"),
            ("status", "x"),
        ] {
            browser.get("/register").await;
            let mut pairs = pairs.clone();
            pairs.push((name, value));
            let answer = browser.post(path, &pairs).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "A3 {path} {name}");
        }
    }
    assert_eq!(house.mail_to("lee@example.kr"), None, "nobody has registered");
}

/// A request that holds something of another person's, or of another client's.
async fn form(house: &House, path: &str, client: &str, pairs: &[(&str, &str)]) -> (u16, String) {
    let answer = house.form(path, client, pairs).await;
    (answer.status.as_u16(), answer.text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a1_what_is_anothers_is_as_if_it_were_not_there_on_every_route() {
    let house = House::open();
    let mut kim = Browser::of(&house, "kim@example.kr").await;
    let kims = bearer(&mut kim, "openid").await;
    let code = kim.code().await;
    let strangers = "0193f4a0-0000-7000-8000-000000000001";
    // Each row: another's and one that is not there, which are answered alike.
    let refresh =
        |token: String| vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token)];
    let redeem = |code: String| {
        vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code),
            ("redirect_uri", "kr.ondol.app:/back".to_owned()),
            ("code_verifier", crate::house::VERIFIER.to_owned()),
        ]
    };
    let token = |token: String| vec![("token", token)];
    let rows = [
        ("/oauth2/token", refresh(kims.refresh.clone()), refresh(format!("{strangers}.x"))),
        ("/oauth2/token", redeem(code), redeem("nothing".to_owned())),
        ("/oauth2/revoke", token(kims.refresh.clone()), token(format!("{strangers}.x"))),
        ("/oauth2/revoke", token(kims.token.clone()), token("nothing".to_owned())),
    ];
    for (path, anothers, nothing) in rows {
        let of = async |pairs: Vec<(&'static str, String)>| {
            let pairs: Vec<(&str, &str)> =
                pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
            form(&house, path, "mobile", &pairs).await
        };
        let row = format!("A1 {path} {anothers:?}");
        assert_eq!(of(anothers).await, of(nothing).await, "{row}");
    }
    assert!(house.is_active(&kims.token).await, "nothing was done to it");

    // Another's session, by its name, with a secret of one's own.
    let mut lee = Browser::of(&house, "lee@example.kr").await;
    let (name, _) = kim.cookies["ondol-session"].split_once('.').expect("a name");
    let (_, secret) = lee.cookies["ondol-session"].split_once('.').expect("a secret");
    let mixed = format!("{name}.{secret}");
    lee.cookies.insert("ondol-session".to_owned(), mixed);
    for path in ["/account", "/device", "/oauth2/authorize"] {
        let answer = lee.get(path).await;
        assert!(!answer.text.contains("kim@example.kr"), "A1 {path}");
        assert_eq!(answer.sent("code"), None, "A1 {path}");
    }
    lee.get("/account").await;
    let out = lee.post("/account", &[("change", "sign-out")]).await;
    assert!(!out.text.contains("kim@example.kr"));
    assert!(house.is_active(&kims.token).await, "A1 nobody signs another out");

    // A form that another browser was given.
    let mut stranger = Browser::new(&house);
    stranger.get("/account").await;
    kim.get("/account").await;
    stranger.hidden = kim.hidden.clone();
    for path in
        ["/sign-in", "/second-factor", "/consent", "/register", "/forgotten", "/account", "/device"]
    {
        let answer = stranger.post(path, &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "A1 {path} with another's form");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_an_id_of_anothers_in_a_question_shows_and_does_nothing() {
    let house = House::open();
    let mut kim = Browser::of(&house, "kim@example.kr").await;
    let kims = bearer(&mut kim, "openid profile email").await;
    let mut lee = Browser::of(&house, "lee@example.kr").await;
    let lees = bearer(&mut lee, "openid profile email").await;
    for query in ["sub", "user", "user_id", "id", "expand", "filter"] {
        let path = format!("/oauth2/userinfo?{query}={}", kims.subject);
        let request =
            Request::get(path).header(header::AUTHORIZATION, format!("Bearer {}", lees.token));
        let answer = house.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.json()["email"], "lee@example.kr", "A2 {query}");
    }
    let hint = asking(&[("login_hint", "kim@example.kr"), ("sub", &kims.subject)]);
    let answer = lee.get(&hint).await;
    let tokens = house.redeem(&answer.sent("code").expect("a code")).await.json();
    let own = claims(tokens["access_token"].as_str().expect("a token"));
    assert_eq!(own["sub"], Value::from(lees.subject.as_str()), "A2 only ever oneself");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_not_shown_that_his_address_is_his_own_goes_no_further() {
    let house = House::open();
    let mut browser = Browser::new(&house);
    browser.get("/register").await;
    let email = "kim@example.kr";
    let pairs = [("name", "Kim"), ("email", email), ("password", PASSWORD)];
    browser.post("/register", &pairs).await;
    let first = house.token_in_mail(email);
    let page = browser.sign_in(email, PASSWORD).await;
    assert!(page.text.contains("show first that this address is yours"), "{}", page.text);
    assert!(!browser.cookies.contains_key("ondol-session"), "he is not signed in");
    let second = house.token_in_mail(email);
    assert_ne!(first, second, "a new link was sent");
    let wrong = browser.sign_in(email, "a wrong password").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(!wrong.text.contains("show first"), "nobody else learns it");
    for _ in 0..5 {
        browser.sign_in(email, PASSWORD).await;
    }
    let letters =
        std::fs::read_dir(house.folder.path().join("identity/outbox")).expect("an outbox");
    assert!(letters.count() <= 4, "not one for every try");
    browser.get(&format!("/verify?token={second}")).await;
    browser.post("/verify", &[("token", &second)]).await;
    assert_eq!(browser.sign_in(email, PASSWORD).await.location(), "/account");
    let open = House::open_with("verified_only = false\n");
    let mut browser = Browser::new(&open);
    browser.get("/register").await;
    browser.post("/register", &pairs).await;
    assert_eq!(browser.sign_in(email, PASSWORD).await.location(), "/account", "as it is set");
}
