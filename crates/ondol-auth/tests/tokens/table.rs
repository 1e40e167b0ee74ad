//! The rows J1 to J19 of the attacks on tokens.

use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::KeyPair as _;
use ondol_auth::{Algorithm, SigningKey, TOKEN_BYTES_MAX, TokenType, VerifyError, encode};
use serde_json::{Value, json};

use crate::forge::{AUDIENCE, ISSUER, NOW, Workshop, published};

#[tokio::test]
async fn what_is_right_is_believed() {
    let shop = Workshop::open();
    let token = shop.signed(&shop.claims());
    let principal = shop.verifier.verify(&token).await.expect("it is right");
    assert_eq!((principal.subject.as_str(), principal.client.as_str()), ("kim", "web"));
    assert!(principal.may("accounts") && !principal.may("account") && principal.is("user"));
    let header = |kid: &str, alg: &str| json!({ "typ": "at+jwt", "alg": alg, "kid": kid });
    let claims = shop.claims().to_string();
    let rs = shop.signed_by(&header("rs", "RS256").to_string(), &claims, |s| shop.rs256(s));
    let ps = shop.signed_by(&header("ps", "PS256").to_string(), &claims, |s| shop.ps256(s));
    shop.believed("RS256", &rs).await;
    shop.believed("PS256", &ps).await;
    let typ = json!({ "typ": "application/AT+JWT", "alg": "ES256", "kid": shop.key.kid() });
    shop.believed("long type", &shop.signed_raw(&typ.to_string(), &claims)).await;
}

#[tokio::test]
async fn j1_a_token_that_nobody_signed_is_not_believed() {
    let shop = Workshop::open();
    for alg in ["none", "None", "nOnE", "NONE", "", "es256", "ES256 ", "ES384", "HS256"] {
        for signature in ["", "AA", &encode([0_u8; 64])] {
            let header = json!({ "typ": "at+jwt", "alg": alg, "kid": shop.key.kid() });
            let body = encode(shop.claims().to_string());
            let token = format!("{}.{body}.{signature}", encode(header.to_string()));
            shop.refused(&format!("J1 {alg:?} {signature:?}"), &token).await;
        }
        let header = json!({ "typ": "at+jwt", "alg": alg, "kid": shop.key.kid() });
        let token = shop.signed_raw(&header.to_string(), &shop.claims().to_string());
        let error = shop.refused(&format!("J1 signed {alg:?}"), &token).await;
        assert_eq!(error, VerifyError::Algorithm, "J1 {alg:?}");
    }
}

#[tokio::test]
async fn j2_a_public_key_is_no_shared_secret() {
    let shop = Workshop::open();
    let rsa = shop.rsa.public_key().as_ref().to_vec();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", encode(&rsa));
    let jwk = published(&shop.key).to_string();
    for (form, secret) in [("der", rsa), ("pem", pem.into_bytes()), ("jwk", jwk.into_bytes())] {
        for kid in [shop.key.kid(), "rs", "ps"] {
            let header = json!({ "typ": "at+jwt", "alg": "HS256", "kid": kid }).to_string();
            let claims = shop.claims().to_string();
            let token = shop.signed_by(&header, &claims, |signed| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
                hmac::sign(&key, signed).as_ref().to_vec()
            });
            assert_eq!(shop.refused(form, &token).await, VerifyError::Algorithm, "J2 {form} {kid}");
        }
    }
}

#[tokio::test]
async fn j3_an_algorithm_belongs_to_a_key() {
    let shop = Workshop::open();
    for (kid, alg) in [("ps", "RS256"), (shop.key.kid(), "RS256"), ("ps", "ES256")] {
        let header = json!({ "typ": "at+jwt", "alg": alg, "kid": kid }).to_string();
        let token = shop.signed_by(&header, &shop.claims().to_string(), |s| shop.rs256(s));
        assert_eq!(shop.refused("J3", &token).await, VerifyError::Algorithm, "J3 {alg} at {kid}");
    }
    let header = json!({ "typ": "at+jwt", "alg": "PS256", "kid": "ps" }).to_string();
    let token = shop.signed_by(&header, &shop.claims().to_string(), |s| shop.rs256(s));
    assert_eq!(shop.refused("J3", &token).await, VerifyError::Signature);
    assert_eq!(Algorithm::named("es256"), None);
}

#[tokio::test]
async fn j4_a_token_does_not_bring_its_key_along_and_nobody_is_asked() {
    let shop = Workshop::open();
    let (thief, _bytes) = SigningKey::generate().expect("a key");
    for (name, value) in [
        ("jwk", published(&thief)),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/cert")),
        ("x5c", json!(["MIIB"])),
        ("jku", Value::Null),
    ] {
        let mut header = shop.header();
        header[name] = value;
        let token = shop.signed_raw(&header.to_string(), &shop.claims().to_string());
        let error = shop.refused("J4", &token).await;
        assert_eq!(error, VerifyError::Header { name }, "J4 {name}");
    }
    let own = thief.sign_with_key(TokenType::Access, &shop.claims()).expect("it signs");
    shop.refused("J4 own key", &own).await;
    assert_eq!(shop.issuer.fetches(), 0, "nobody was asked");
}

#[tokio::test]
async fn j8_a_signature_has_one_spelling() {
    let shop = Workshop::open();
    let token = shop.signed(&shop.claims());
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let other = shop.with("sub", json!("lee"));
    let others = other.rsplit_once('.').expect("three parts").1;
    let last = signature.chars().last().expect("it is not empty");
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).expect("base64url");
    let unused = &alphabet[at ^ 1..=at ^ 1];
    let cut = &signature[..signature.len() - 1];
    for (row, forged) in [
        ("cut", cut.to_owned()),
        ("cut by a byte", signature[..signature.len() - 4].to_owned()),
        ("extended", format!("{signature}AA")),
        ("extended by much", format!("{signature}{signature}")),
        ("swapped", others.to_owned()),
        ("unused bits", format!("{cut}{unused}")),
        ("padding", format!("{signature}==")),
        ("a space after", format!("{signature} ")),
        ("a space before", format!(" {signature}")),
        ("a line after", format!("{signature}\n")),
        ("standard alphabet", signature.replace('-', "+").replace('_', "/") + "+"),
        ("empty", String::new()),
        ("zeros", encode([0_u8; 64])),
    ] {
        shop.refused(&format!("J8 {row}"), &format!("{signed}.{forged}")).await;
    }
    for (row, forged) in [
        ("two parts", signed.to_owned()),
        ("four parts", format!("{token}.AA")),
        ("one part", "token".to_owned()),
        ("nothing", String::new()),
        ("a space", format!(" {token}")),
        ("padded claims", token.replacen('.', "=.", 1)),
    ] {
        shop.refused(&format!("J8 {row}"), &forged).await;
    }
    shop.believed("the token itself", &token).await;
    let mut claims = shop.claims();
    claims["roles"] = json!(["admin"]);
    let header = token.split('.').next().expect("a header");
    let raised = format!("{header}.{}.{signature}", encode(claims.to_string()));
    assert_eq!(shop.refused("J8 other claims", &raised).await, VerifyError::Signature);
}

#[tokio::test]
async fn j10_what_is_critical_and_unknown_is_refused() {
    let shop = Workshop::open();
    let rows = [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
    ];
    for (name, value) in rows {
        let mut header = shop.header();
        header[name] = value;
        let token = shop.signed_raw(&header.to_string(), &shop.claims().to_string());
        assert_eq!(shop.refused("J10", &token).await, VerifyError::Header { name });
    }
}

#[tokio::test]
async fn j11_a_date_is_a_whole_number_and_nothing_else() {
    let shop = Workshop::open();
    let later = NOW + 300;
    for name in ["exp", "nbf", "iat", "auth_time"] {
        let right = if name == "exp" { later } else { NOW };
        for value in [
            format!("\"{right}\""),
            format!("{right}.0"),
            format!("{right}.5"),
            "null".to_owned(),
            format!("[{right}]"),
            "{}".to_owned(),
            "true".to_owned(),
            format!("-{right}"),
            "1e400".to_owned(),
            "1e9".to_owned(),
            "18446744073709551616".to_owned(),
            "18446744073709551615".to_owned(),
            "253402300800".to_owned(),
            "NaN".to_owned(),
            "\"never\"".to_owned(),
        ] {
            let mut claims = shop.claims();
            claims[name] = json!("HERE");
            let claims = claims.to_string().replace("\"HERE\"", &value);
            let token = shop.signed_raw(&shop.header().to_string(), &claims);
            let error = shop.refused(&format!("J11 {name} = {value}"), &token).await;
            assert_eq!(error, VerifyError::Claims, "J11 {name} = {value}");
        }
    }
    let twice = shop.claims().to_string().replacen('{', &format!("{{\"exp\":{later},"), 1);
    let token = shop.signed_raw(&shop.header().to_string(), &twice);
    assert_eq!(shop.refused("J11 twice", &token).await, VerifyError::Claims);
}

#[tokio::test]
async fn j12_a_token_begins_and_ends() {
    let shop = Workshop::open();
    let claims = VerifyError::Claims;
    for (row, token, error) in [
        ("no exp", shop.without("exp"), claims.clone()),
        ("no iat", shop.without("iat"), claims.clone()),
        ("no jti", shop.without("jti"), claims.clone()),
        ("no sub", shop.without("sub"), claims.clone()),
        ("no client", shop.without("client_id"), claims.clone()),
        ("empty sub", shop.with("sub", json!("")), claims),
        ("past", shop.with("exp", json!(1)), VerifyError::Expired),
        ("past by 61 s", shop.with("exp", json!(NOW - 61)), VerifyError::Expired),
        ("past by 60 s", shop.with("exp", json!(NOW - 60)), VerifyError::Expired),
        ("nbf ahead", shop.with("nbf", json!(NOW + 61)), VerifyError::NotYet),
        ("iat ahead", shop.with("iat", json!(NOW + 61)), VerifyError::NotYet),
    ] {
        assert_eq!(shop.refused(row, &token).await, error, "J12 {row}");
    }
    shop.believed("J12 within the leeway", &shop.with("exp", json!(NOW - 59))).await;
    shop.believed("J12 nbf within the leeway", &shop.with("nbf", json!(NOW + 60))).await;
}

#[tokio::test]
async fn j13_a_token_is_for_somebody() {
    let shop = Workshop::open();
    assert_eq!(shop.refused("J13", &shop.without("aud")).await, VerifyError::Claims);
    for other in [json!("https://shop.example"), json!(["https://shop.example"]), json!([])] {
        let token = shop.with("aud", other.clone());
        assert_eq!(shop.refused("J13", &token).await, VerifyError::Audience, "J13 {other}");
    }
    for odd in [json!(null), json!(7), json!([7]), json!({}), json!(vec!["a"; 17])] {
        let token = shop.with("aud", odd.clone());
        assert_eq!(shop.refused("J13", &token).await, VerifyError::Claims, "J13 {odd}");
    }
    let prefix = shop.with("aud", json!(format!("{AUDIENCE}.evil")));
    assert_eq!(shop.refused("J13", &prefix).await, VerifyError::Audience);
    shop.believed("J13", &shop.with("aud", json!(["https://shop.example", AUDIENCE]))).await;
}

#[tokio::test]
async fn j14_an_issuer_is_compared_to_the_letter() {
    let shop = Workshop::open();
    let slash = format!("{ISSUER}/");
    let upper = ISSUER.to_uppercase();
    for other in ["https://evil.example", &slash, &upper, ""] {
        let token = shop.with("iss", json!(other));
        assert_eq!(shop.refused("J14", &token).await, VerifyError::Issuer, "J14 {other}");
    }
    assert_eq!(shop.refused("J14", &shop.without("iss")).await, VerifyError::Claims);
}

#[tokio::test]
async fn j15_a_token_of_another_type_is_no_access_token() {
    let shop = Workshop::open();
    let kinds = [TokenType::Id, TokenType::Logout, TokenType::Proof, TokenType::Client];
    for kind in kinds {
        let token = shop.key.sign(kind, &shop.claims()).expect("it signs");
        assert_eq!(shop.refused("J15", &token).await, VerifyError::Type, "J15 {kind:?}");
    }
    for typ in [json!("rt+jwt"), json!(""), json!("at+jwt+x"), json!("application/jwt")] {
        let header = json!({ "typ": typ, "alg": "ES256", "kid": shop.key.kid() });
        let token = shop.signed_raw(&header.to_string(), &shop.claims().to_string());
        assert_eq!(shop.refused("J15", &token).await, VerifyError::Type, "J15 {typ}");
    }
    let header = json!({ "alg": "ES256", "kid": shop.key.kid() });
    let token = shop.signed_raw(&header.to_string(), &shop.claims().to_string());
    assert_eq!(shop.refused("J15 none", &token).await, VerifyError::Type);
}

#[tokio::test]
async fn j16_a_token_of_one_tenant_is_nothing_on_the_ground_of_another() {
    let shop = Workshop::open();
    let token = shop.with("tenant", json!("a"));
    assert!(shop.verifier.verify_for(&token, "a").await.is_ok());
    assert_eq!(shop.verifier.verify_for(&token, "b").await, Err(VerifyError::Tenant));
    let nobodys = shop.signed(&shop.claims());
    assert_eq!(shop.verifier.verify_for(&nobodys, "b").await, Err(VerifyError::Tenant));
}

#[tokio::test]
async fn j18_a_token_is_short_and_flat() {
    let shop = Workshop::open();
    let long = "A".repeat(1024 * 1024);
    assert_eq!(shop.refused("J18", &long).await, VerifyError::TooLong);
    let just = "A".repeat(TOKEN_BYTES_MAX);
    shop.refused("J18 limit", &just).await;
    for depth in [20, 5_000] {
        let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let claims = shop.claims().to_string().replacen('{', &format!("{{\"x\":{deep},"), 1);
        let token = shop.signed_raw(&shop.header().to_string(), &claims);
        assert!(token.len() < TOKEN_BYTES_MAX);
        let error = shop.refused("J18 deep", &token).await;
        assert_eq!(error, VerifyError::Malformed { part: "nesting" }, "J18 {depth}");
    }
    let text = shop.with("x", json!("[".repeat(1_000)));
    shop.believed("J18 brackets in a text", &text).await;
}

#[tokio::test]
async fn j19_what_was_taken_back_is_not_believed_from_then_on_not_even_when_remembered() {
    let shop = Workshop::open();
    let token = shop.signed(&shop.claims());
    let other = shop.signed(&{
        let mut claims = shop.claims();
        claims["jti"] = json!("t2");
        claims["sid"] = json!("s2");
        claims
    });
    shop.believed("before", &token).await;
    shop.believed("before", &other).await;
    shop.revoked.token("t1");
    assert_eq!(shop.refused("J19 token", &token).await, VerifyError::Revoked);
    shop.believed("another sign-in", &other).await;
    shop.revoked.session("s2");
    assert_eq!(shop.refused("J19 session", &other).await, VerifyError::Revoked);
    let third = shop.signed(&{
        let mut claims = shop.claims();
        claims["jti"] = json!("t3");
        claims["sid"] = json!("s3");
        claims
    });
    shop.revoked.subject("kim", NOW);
    assert_eq!(shop.refused("J19 subject", &third).await, VerifyError::Revoked);
}

#[tokio::test]
async fn what_is_remembered_ends_while_its_keys_are_still_fresh() {
    let shop = Workshop::open();
    let token = shop.with("exp", json!(NOW + 10));
    shop.believed("now", &token).await;
    shop.clock.advance(Duration::from_secs(69));
    shop.believed("in the last second of the leeway", &token).await;
    shop.clock.advance(Duration::from_secs(1));
    assert_eq!(shop.refused("ended", &token).await, VerifyError::Expired);
}

#[tokio::test]
async fn what_is_remembered_ends_with_its_token() {
    let shop = Workshop::open();
    let token = shop.signed(&shop.claims());
    shop.believed("now", &token).await;
    shop.clock.advance(Duration::from_secs(299));
    shop.believed("in its last second", &token).await;
    shop.clock.advance(Duration::from_secs(61));
    assert_eq!(shop.refused("ended", &token).await, VerifyError::Expired);
}
