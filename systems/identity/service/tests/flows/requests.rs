//! What a client may not ask: O1, O2, O7, O10, O11, O14, O15, O17.

use axum::body::Body;
use http::{Request, StatusCode, header};

use crate::browser::{Browser, asking};
use crate::house::{BACK, House, ISSUER, VERIFIER, challenge};

#[tokio::test(flavor = "multi_thread")]
async fn o1_nobody_is_sent_to_an_address_that_is_not_the_clients_to_the_letter() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    for redirect in [
        "https://app.example/back/",
        "https://app.example/back/more",
        "https://app.example/backmore",
        "https://app.example/back?x=1",
        "https://app.example/back#x",
        "https://app.example/BACK",
        "https://APP.example/back",
        "https://app.example:443/back",
        "https://app.example:8443/back",
        "https://kim@app.example/back",
        "https://app.example.evil/back",
        "https://app.example%2eevil/back",
        "https://app.example/%62ack",
        "https://app.example/./back",
        "http://app.example/back",
        "//app.example/back",
        "https://evil.example/back",
        "javascript:alert(1)",
        "-",
    ] {
        let answer = browser.get(&asking(&[("redirect_uri", redirect)])).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "O1 {redirect}");
        assert_eq!(answer.location(), "", "O1 {redirect}: nobody is sent anywhere");
    }
    for client in ["-", "nobody", "WEB", "atm"] {
        let answer = browser.get(&asking(&[("client_id", client)])).await;
        assert_eq!((answer.status, answer.location().as_str()), (StatusCode::BAD_REQUEST, ""));
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", asking(&[]));
    assert_eq!(browser.get(&twice).await.status, StatusCode::BAD_REQUEST, "O1 said twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_a_program_on_the_same_machine_chooses_its_port_and_nothing_else() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let scope = ("scope", "openid");
    let mobile = |redirect| asking(&[("client_id", "mobile"), ("redirect_uri", redirect), scope]);
    for good in ["http://127.0.0.1:1/back", "http://127.0.0.1:65535/back", "kr.ondol.app:/back"] {
        assert_eq!(browser.get(&mobile(good)).await.status, StatusCode::OK, "O1 {good}");
    }
    for bad in [
        "http://127.0.0.1:1/other",
        "http://127.0.0.1:/back",
        "http://127.0.0.1:1@evil/back",
        "http://127.0.0.1:123456/back",
        "http://127.0.0.1.evil/back",
        "http://localhost:1/back",
        "https://127.0.0.1:1/back",
        "kr.ondol.app:1/back",
    ] {
        assert_eq!(browser.get(&mobile(bad)).await.status, StatusCode::BAD_REQUEST, "O1 {bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o2_and_o7_a_request_that_is_not_strict_is_told_to_the_client_with_the_issuers_name() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let challenge = challenge();
    let rows = [
        ("no challenge", ("code_challenge", "-"), "invalid_request"),
        ("plain", ("code_challenge_method", "plain"), "invalid_request"),
        ("no method", ("code_challenge_method", "-"), "invalid_request"),
        ("short", ("code_challenge", &challenge[..42]), "invalid_request"),
        ("long", ("code_challenge", &format!("{challenge}A")), "invalid_request"),
        ("token", ("response_type", "token"), "unsupported_response_type"),
        ("id_token", ("response_type", "code id_token"), "unsupported_response_type"),
        ("no type", ("response_type", "-"), "invalid_request"),
        ("fragment", ("response_mode", "fragment"), "invalid_request"),
        ("scope", ("scope", "openid admin"), "invalid_scope"),
        ("request", ("request", "a.b.c"), "request_not_supported"),
        ("prompt", ("prompt", "none login"), "invalid_request"),
        ("max_age", ("max_age", "soon"), "invalid_request"),
    ];
    for (row, change, error) in rows {
        let answer = browser.get(&asking(&[change])).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{row}");
        assert!(answer.location().starts_with(&format!("{BACK}?")), "{row}");
        assert_eq!(answer.sent("error").as_deref(), Some(error), "{row}");
        assert_eq!(answer.sent("state").as_deref(), Some("s t&te"), "{row}");
        assert_eq!(answer.sent("iss").as_deref(), Some(ISSUER), "{row}");
        assert_eq!(answer.sent("code"), None, "{row}");
    }
    let answer = Browser::new(&house).get(&asking(&[("prompt", "none")])).await;
    assert_eq!(answer.sent("error").as_deref(), Some("login_required"));
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_what_is_not_given_here_is_said_to_be_so() {
    let house = House::open();
    for grant in ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer"] {
        let answer = house.form("/oauth2/token", "web", &[("grant_type", grant)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.error(), "unsupported_grant_type", "O7 {grant}");
    }
    let answer = house.form("/oauth2/token", "web", &[("grant_type", "client_credentials")]).await;
    assert_eq!(answer.error(), "unauthorized_client", "a client asks only as it may");
    assert_eq!(house.form("/oauth2/token", "web", &[]).await.error(), "invalid_request");
    let twice = [("grant_type", "client_credentials"), ("grant_type", "refresh_token")];
    assert_eq!(house.form("/oauth2/token", "web", &twice).await.error(), "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn o10_a_client_proves_itself_in_one_way_and_is_not_wrong_often() {
    let house = House::open();
    let ask = ("grant_type", "client_credentials");
    let good = house.form("/oauth2/token", "atm", &[ask]).await;
    assert_eq!(good.status, StatusCode::OK, "{}", good.text);
    let posted = [ask, ("client_id", "atm"), ("client_secret", "secret of atm")];
    assert_eq!(house.form("/oauth2/token", "", &posted).await.status, StatusCode::OK);
    let both = house.form("/oauth2/token", "atm", &[ask, ("client_secret", "secret of atm")]).await;
    assert_eq!((both.status, both.error().as_str()), (StatusCode::BAD_REQUEST, "invalid_request"));
    for pairs in [
        &[ask][..],
        &[ask, ("client_id", "atm")],
        &[ask, ("client_id", "nobody"), ("client_secret", "x")],
        &[ask, ("client_id", "mobile"), ("client_secret", "x")],
    ] {
        let answer = house.form("/oauth2/token", "", pairs).await;
        assert_eq!(
            (answer.status, answer.error()),
            (StatusCode::UNAUTHORIZED, "invalid_client".into())
        );
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
    }
    let wrong = [ask, ("client_id", "atm"), ("client_secret", "guess")];
    let mut last = StatusCode::OK;
    for _ in 0..12 {
        last = house.form("/oauth2/token", "", &wrong).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    house.later(901);
    assert_eq!(house.form("/oauth2/token", "atm", &[ask]).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn o11_an_assertion_that_nobody_is_registered_for_proves_nothing() {
    let house = House::open();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", "atm"),
        ("client_assertion_type", kind),
        ("client_assertion", "eyJhbGciOiJub25lIn0.e30."),
    ];
    let answer = house.form("/oauth2/token", "", &pairs).await;
    assert_eq!(
        (answer.status, answer.error()),
        (StatusCode::UNAUTHORIZED, "invalid_client".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn o14_the_discovery_document_names_the_issuer_as_configured() {
    let house = House::open();
    let answer = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(answer["issuer"], ISSUER);
    assert_eq!(answer["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    let set = house.get("/oauth2/jwks").await;
    let keys = ondol_auth::KeySet::read(set.text.as_bytes()).expect("a set that we would take");
    assert_eq!(keys.len(), 2, "one for services, one for clients");
    assert!(!set.text.contains("\"d\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn o15_a_pushed_request_is_good_once_for_its_client_and_not_for_long() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let asked = asking(&[]);
    let (_, query) = asked.split_once('?').expect("a query");
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).expect("a query");
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let push = async || {
        let answer = house.form("/oauth2/par", "web", &pairs).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["request_uri"].as_str().expect("a name").to_owned()
    };
    let go = |client: &str, name: &str| {
        let pairs = [("client_id", client), ("request_uri", name)];
        format!("/oauth2/authorize?{}", serde_urlencoded::to_string(pairs).expect("a query"))
    };
    let name = push().await;
    assert_eq!(browser.get(&go("mobile", &name)).await.status, StatusCode::BAD_REQUEST);
    assert!(browser.get(&go("web", &name)).await.sent("code").is_some());
    assert_eq!(browser.get(&go("web", &name)).await.status, StatusCode::BAD_REQUEST, "reused");
    let name = push().await;
    house.later(91);
    assert_eq!(browser.get(&go("web", &name)).await.status, StatusCode::BAD_REQUEST, "too late");
    let forged = "urn:ietf:params:oauth:request_uri:guess";
    assert_eq!(browser.get(&go("web", forged)).await.status, StatusCode::BAD_REQUEST);
    let bad = house.form("/oauth2/par", "web", &[("client_id", "web")]).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_ahead_is_kept_as_far_as_it_is_read_again() {
    let house = House::open();
    let asked = asking(&[("login_hint", "kim@example.kr"), ("id_token_hint", "a.b.c")]);
    let (_, query) = asked.split_once('?').expect("a query");
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).expect("a query");
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = house.form("/oauth2/par", "web", &pairs).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let name = answer.json()["request_uri"].as_str().expect("a name").to_owned();
    let kept = house.log().await;
    assert!(kept.contains("code_challenge") && kept.contains("s+t%26te"), "{kept}");
    assert!(!kept.contains("kim") && !kept.contains("hint"), "whom it is about: {kept}");
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let go = [("client_id", "web"), ("request_uri", &name)];
    let go = serde_urlencoded::to_string(go).expect("a query");
    let back = browser.get(&format!("/oauth2/authorize?{go}")).await;
    assert_eq!(back.sent("state").as_deref(), Some("s t&te"), "nothing that counts is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_to_be_asked_is_asked_whatever_client_asks() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    assert!(browser.get(&asking(&[])).await.sent("code").is_some(), "people trust this client");
    let page = browser.get(&asking(&[("prompt", "consent")])).await;
    assert!(page.text.contains("Allow access?"), "{}", page.text);
    let back = browser.post("/consent", &[("answer", "yes")]).await;
    assert!(back.sent("code").is_some(), "{}", back.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_oauth_2_1_does_not_say_again_where_its_code_was_sent() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let code = browser.code().await;
    let pairs = [("grant_type", "authorization_code"), ("code", code.as_str())];
    let guess = [pairs[0], pairs[1], ("code_verifier", &"a".repeat(43))];
    assert_eq!(house.form("/oauth2/token", "web", &guess).await.error(), "invalid_grant");
    let right = [pairs[0], pairs[1], ("code_verifier", VERIFIER)];
    assert_eq!(house.form("/oauth2/token", "web", &right).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn o17_a_form_of_another_site_does_nothing_and_no_page_is_framed() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let page = browser.get("/account").await;
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
    assert_eq!(page.headers[header::X_FRAME_OPTIONS], "DENY");
    assert!(!page.text.contains("<script"));
    for csrf in ["", "guess", &"A".repeat(43)] {
        let mut forged = Browser { cookies: browser.cookies.clone(), ..Browser::new(&house) };
        let answer = forged.post("/account", &[("csrf", csrf), ("change", "sign-out")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "O17 {csrf:?}");
    }
    browser.get("/account").await;
    let body = format!("csrf={}&change=sign-out", browser.hidden["/account"]["csrf"]);
    for site in ["cross-site", "same-site", "x"] {
        let request = Request::post("/account")
            .header(header::COOKIE, browser.cookie())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site);
        let request = request.body(Body::from(body.clone())).expect("a request");
        let answer = house.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "O17 {site} with the right token");
    }
    let mut bare = Browser::new(&house);
    let pairs = [("email", "kim@example.kr"), ("password", crate::browser::PASSWORD)];
    let answer = bare.post("/sign-in", &pairs).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "O17 log-in of another site");
    assert!(browser.get("/account").await.text.contains("kim@example.kr"), "still signed in");
}
