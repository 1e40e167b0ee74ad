//! Callers before routes of axum: who is let in, and what the others are told.

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use http::{Request, Response, StatusCode, header};
use ondol_auth::{
    AuthProblem, Caller, Guard, ProofOptions, Proofs, Recent, Required, RoleName, ScopeName,
    Scoped, SigningKey, StepUp, thumbprint, verify_caller,
};
use serde_json::json;
use tower::ServiceExt as _;

use crate::forge::{AUDIENCE, NOW, Workshop};

struct Teller;
impl RoleName for Teller {
    const NAME: &'static str = "teller";
}
struct Accounts;
impl ScopeName for Accounts {
    const NAME: &'static str = "accounts";
}

const FRESH: StepUp = StepUp { acr: "2fa", max_age_seconds: 300 };

fn router(shop: &Workshop) -> Router {
    let guard = Guard {
        verifier: shop.verifier.clone(),
        proofs: Proofs::new(ProofOptions::default(), shop.clock.clone()),
        origin: AUDIENCE.into(),
    };
    let fresh = |recent: Recent| async move {
        recent.insist(FRESH)?;
        Ok::<_, AuthProblem>("fresh")
    };
    Router::new()
        .route("/open", get(|| async { "open" }))
        .route("/me", get(|caller: Caller| async move { caller.subject.clone() }))
        .route("/teller", get(|_: Required<Teller>| async { "teller" }))
        .route("/accounts", get(|_: Scoped<Accounts>| async { "accounts" }))
        .route("/fresh", get(fresh))
        .layer(from_fn_with_state(guard, verify_caller))
}

async fn ask(shop: &Workshop, path: &str, authorizations: &[String]) -> Response<Body> {
    let mut request = Request::get(path);
    for authorization in authorizations {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let request = request.body(Body::empty()).expect("a request");
    router(shop).oneshot(request).await.expect("it answers")
}

fn challenge(response: &Response<Body>) -> String {
    let challenge = response.headers().get(header::WWW_AUTHENTICATE);
    challenge.and_then(|text| text.to_str().ok()).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_route_that_insists_on_a_caller_refuses_everybody_else() {
    let shop = Workshop::open();
    let token = format!("Bearer {}", shop.signed(&shop.claims()));
    assert_eq!(ask(&shop, "/open", &[]).await.status(), StatusCode::OK);
    let response = ask(&shop, "/me", &[]).await;
    assert_eq!(
        (response.status(), challenge(&response).as_str()),
        (StatusCode::UNAUTHORIZED, "Bearer")
    );
    assert_eq!(ask(&shop, "/me", &[token]).await.status(), StatusCode::OK);
    let forged = "Bearer a.b.c".to_owned();
    for path in ["/open", "/me"] {
        let response = ask(&shop, path, std::slice::from_ref(&forged)).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(challenge(&response), r#"Bearer error="invalid_token""#);
    }
}

#[tokio::test]
async fn j21_who_says_twice_who_he_is_is_nobody() {
    let shop = Workshop::open();
    let token = format!("Bearer {}", shop.signed(&shop.claims()));
    let response = ask(&shop, "/me", &[token.clone(), token]).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    for odd in ["Bearer", "Bearer ", "Basic dTpw", "Bearer a b", "token", "Bearer a,b"] {
        let response = ask(&shop, "/me", &[odd.to_owned()]).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{odd:?}");
    }
}

#[tokio::test]
async fn a4_a_role_or_a_scope_that_is_missing_is_403() {
    let shop = Workshop::open();
    let user = format!("Bearer {}", shop.signed(&shop.claims()));
    let response = ask(&shop, "/teller", std::slice::from_ref(&user)).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(ask(&shop, "/accounts", &[user]).await.status(), StatusCode::OK);
    let teller = format!("Bearer {}", shop.with("roles", json!(["user", "teller"])));
    assert_eq!(ask(&shop, "/teller", &[teller]).await.status(), StatusCode::OK);
    let narrow = format!("Bearer {}", shop.with("scope", json!("openid accounts.read")));
    let response = ask(&shop, "/accounts", &[narrow]).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(challenge(&response), r#"Bearer error="insufficient_scope", scope="accounts""#);
}

#[tokio::test]
async fn a_route_can_ask_for_a_fresh_proof() {
    let shop = Workshop::open();
    let with = |acr: &str, auth_time: u64| {
        let mut claims = shop.claims();
        claims["acr"] = json!(acr);
        claims["auth_time"] = json!(auth_time);
        format!("Bearer {}", shop.signed(&claims))
    };
    assert_eq!(ask(&shop, "/fresh", &[with("2fa", NOW - 299)]).await.status(), StatusCode::OK);
    for token in [with("1fa", NOW), with("2fa", NOW - 301)] {
        let response = ask(&shop, "/fresh", &[token]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let expected =
            r#"Bearer error="insufficient_user_authentication", acr_values="2fa", max_age="300""#;
        assert_eq!(challenge(&response), expected);
    }
}

#[tokio::test]
async fn a_bound_token_is_not_taken_as_a_bearers() {
    let shop = Workshop::open();
    let (holder, _bytes) = SigningKey::generate().expect("a key");
    let token = shop.with("cnf", json!({ "jkt": thumbprint(holder.public()) }));
    for scheme in ["Bearer", "DPoP"] {
        let response = ask(&shop, "/me", &[format!("{scheme} {token}")]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{scheme}");
        assert_eq!(challenge(&response), r#"DPoP error="invalid_dpop_proof""#);
    }
}
