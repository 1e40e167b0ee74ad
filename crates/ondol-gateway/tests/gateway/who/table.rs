//! The rows J1 to J22 of the attacks on tokens, and G1 and G2, at the gateway.
//!
//! Of every row: the answer is the stated one, as problem+json that tells nothing; the bank has seen no
//! byte; the access log has one line about it with a reason and without the token; the issuer was asked
//! for its keys and nothing else; and the next good request is served.

use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::KeyPair as _;
use ondol_auth::{SigningKey, TokenType, encode};
use ondol_doors::{Clock, SystemClock};
use serde_json::{Value, json};

use super::house::{AUDIENCE, House, ISSUER, Issuer, now, published};
use crate::rig::{Reply, text, until};

const INVALID: &str = r#"Bearer realm="bank", error="invalid_token""#;
const TWICE: &str = r#"Bearer realm="bank", error="invalid_request""#;

struct Row {
    name: String,
    headers: String,
    status: u16,
    code: &'static str,
    challenge: Option<&'static str>,
}

fn bearer(name: impl Into<String>, token: &str) -> Row {
    Row {
        name: name.into(),
        headers: format!("Authorization: Bearer {token}\r\n"),
        status: 401,
        code: "gateway-token-invalid",
        challenge: Some(INVALID),
    }
}

fn twice(name: &str, headers: String) -> Row {
    Row {
        name: name.into(),
        headers,
        status: 400,
        code: "gateway-caller-ambiguous",
        challenge: Some(TWICE),
    }
}

fn algorithms(issuer: &Issuer) -> Vec<Row> {
    let mut rows = Vec::new();
    let claims = issuer.claims().to_string();
    for alg in ["none", "None", "nOnE", "NONE", "", "es256", "ES384", "HS256"] {
        let header = json!({ "typ": "at+jwt", "alg": alg, "kid": issuer.key.kid() }).to_string();
        for signature in [String::new(), "AA".to_owned(), encode([0_u8; 64])] {
            let token = format!("{}.{}.{signature}", encode(&header), encode(&claims));
            rows.push(bearer(format!("J1 {alg:?} {signature:?}"), &token));
        }
        rows.push(bearer(format!("J1 signed {alg:?}"), &issuer.signed_raw(&header, &claims)));
    }
    let rsa = issuer.rsa.public_key().as_ref().to_vec();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", encode(&rsa));
    let jwk = published(&issuer.key).to_string();
    for (form, secret) in [("der", rsa), ("pem", pem.into_bytes()), ("jwk", jwk.into_bytes())] {
        for kid in [issuer.key.kid(), "ps"] {
            let header = json!({ "typ": "at+jwt", "alg": "HS256", "kid": kid }).to_string();
            let token = Issuer::signed_by(&header, &claims, |signed| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
                hmac::sign(&key, signed).as_ref().to_vec()
            });
            rows.push(bearer(format!("J2 {form} {kid}"), &token));
        }
    }
    for (kid, alg) in
        [("ps", "RS256"), (issuer.key.kid(), "RS256"), ("ps", "ES256"), ("ps", "PS256")]
    {
        let header = json!({ "typ": "at+jwt", "alg": alg, "kid": kid }).to_string();
        let token = Issuer::signed_by(&header, &claims, |signed| issuer.rs256(signed));
        rows.push(bearer(format!("J3 {alg} at {kid}"), &token));
    }
    rows
}

fn headers(issuer: &Issuer) -> Vec<Row> {
    let mut rows = Vec::new();
    let claims = issuer.claims();
    let (thief, _bytes) = SigningKey::generate().expect("a key");
    let at = issuer.upstream.address;
    let asked = [
        ("J4", "jwk", published(&thief)),
        ("J4", "jku", json!(format!("http://{at}/stolen"))),
        ("J4", "x5u", json!(format!("http://{at}/stolen"))),
        ("J4", "x5c", json!(["MIIB"])),
        ("J10", "crit", json!(["exp"])),
        ("J10", "crit", json!([])),
        ("J10", "b64", json!(false)),
        ("J10", "zip", json!("DEF")),
        ("J10", "enc", json!("A256GCM")),
    ];
    for (row, name, value) in asked {
        let mut header = issuer.header();
        header[name] = value;
        let token = issuer.signed_raw(&header.to_string(), &claims.to_string());
        rows.push(bearer(format!("{row} {name}"), &token));
    }
    let own = thief.sign_with_key(TokenType::Access, &claims).expect("it signs");
    rows.push(bearer("J4 a key brought along", &own));
    rows.push(bearer(
        "J4 an unknown key",
        &thief.sign(TokenType::Access, &claims).expect("it signs"),
    ));
    for kind in [TokenType::Id, TokenType::Logout, TokenType::Proof, TokenType::Client] {
        let token = issuer.key.sign(kind, &claims).expect("it signs");
        rows.push(bearer(format!("J15 {kind:?}"), &token));
    }
    for typ in [json!("rt+jwt"), json!(""), json!("JWT"), json!(null)] {
        let header = json!({ "typ": typ, "alg": "ES256", "kid": issuer.key.kid() });
        let token = issuer.signed_raw(&header.to_string(), &claims.to_string());
        rows.push(bearer(format!("J15 {typ}"), &token));
    }
    rows
}

fn spellings(issuer: &Issuer) -> Vec<Row> {
    let token = issuer.good();
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let other = issuer.with("sub", json!("lee"));
    let others = other.rsplit_once('.').expect("three parts").1;
    let last = signature.chars().last().expect("it is not empty");
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).expect("base64url");
    let cut = &signature[..signature.len() - 1];
    let mut raised = issuer.claims();
    raised["roles"] = json!(["admin"]);
    let header = token.split('.').next().expect("a header");
    [
        ("cut", format!("{signed}.{cut}")),
        ("cut by bytes", format!("{signed}.{}", &signature[..signature.len() - 4])),
        ("extended", format!("{token}AA")),
        ("swapped", format!("{signed}.{others}")),
        ("unused bits", format!("{signed}.{cut}{}", &alphabet[at ^ 1..=at ^ 1])),
        ("padding", format!("{token}==")),
        ("a space inside", format!("{signed}. {signature}")),
        ("a second token", format!("{token} {token}")),
        ("a space before", format!(" {token}")),
        ("a comma", format!("{token}, Bearer {token}")),
        ("standard alphabet", format!("{signed}.{}+", signature.replace('-', "+"))),
        ("empty signature", format!("{signed}.")),
        ("zeros", format!("{signed}.{}", encode([0_u8; 64]))),
        ("two parts", signed.to_owned()),
        ("four parts", format!("{token}.AA")),
        ("no token", String::new()),
        ("padded claims", token.replacen('.', "=.", 1)),
        ("other claims", format!("{header}.{}.{signature}", encode(raised.to_string()))),
        ("not ASCII", format!("{signed}.é")),
    ]
    .into_iter()
    .map(|(name, token)| bearer(format!("J8 {name}"), &token))
    .collect()
}

fn dates(issuer: &Issuer) -> Vec<Row> {
    let mut rows = Vec::new();
    for name in ["exp", "nbf", "iat"] {
        let right = if name == "exp" { now() + 300 } else { now() };
        for value in [
            format!("\"{right}\""),
            format!("{right}.5"),
            "null".to_owned(),
            format!("[{right}]"),
            format!("-{right}"),
            "1e400".to_owned(),
            "18446744073709551615".to_owned(),
            "\"never\"".to_owned(),
        ] {
            let mut claims = issuer.claims();
            claims[name] = json!("HERE");
            let claims = claims.to_string().replace("\"HERE\"", &value);
            let token = issuer.signed_raw(&issuer.header().to_string(), &claims);
            rows.push(bearer(format!("J11 {name} = {value}"), &token));
        }
    }
    for (name, token) in [
        ("no exp", issuer.without("exp")),
        ("past", issuer.with("exp", json!(1))),
        ("past by 61 s", issuer.with("exp", json!(now() - 61))),
        ("nbf ahead", issuer.with("nbf", json!(now() + 90))),
        ("iat ahead", issuer.with("iat", json!(now() + 90))),
    ] {
        rows.push(bearer(format!("J12 {name}"), &token));
    }
    rows
}

fn names(issuer: &Issuer) -> Vec<Row> {
    let mut rows = vec![
        bearer("J13 no aud", &issuer.without("aud")),
        bearer("J13 other aud", &issuer.with("aud", json!("shop"))),
        bearer("J13 list of others", &issuer.with("aud", json!(["shop", "ride"]))),
        bearer("J13 prefix", &issuer.with("aud", json!(format!("{AUDIENCE}.evil")))),
        bearer("J14 no iss", &issuer.without("iss")),
    ];
    let (slash, upper) = (format!("{ISSUER}/"), ISSUER.to_uppercase());
    for other in ["http://evil.test", &slash, &upper, ""] {
        rows.push(bearer(format!("J14 {other}"), &issuer.with("iss", json!(other))));
    }
    for depth in [20, 5_000] {
        let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let claims = issuer.claims().to_string().replacen('{', &format!("{{\"x\":{deep},"), 1);
        let token = issuer.signed_raw(&issuer.header().to_string(), &claims);
        rows.push(bearer(format!("J18 {depth} deep"), &token));
    }
    rows.push(bearer("J18 20 KiB", &"A".repeat(20 * 1024)));
    rows
}

fn disagreeing(issuer: &Issuer) -> Vec<Row> {
    let (good, other) = (issuer.good(), issuer.with("sub", json!("lee")));
    let header = |token: &str| format!("Authorization: Bearer {token}\r\n");
    vec![
        twice("J21 two headers", header(&good) + &header(&good)),
        twice("J21 two headers, one Basic", header(&good) + "Authorization: Basic eDp5\r\n"),
        twice("J21 the cookie is another", header(&good) + &format!("Cookie: at={other}\r\n")),
        twice("J21 two cookies", format!("Cookie: at={good}; at={other}\r\n")),
        twice("J21 cookies in two headers", format!("Cookie: at={good}\r\nCookie: at={other}\r\n")),
        Row {
            name: "G2 Connection names Authorization".into(),
            headers: header(&good) + "Connection: X-Tenant, Authorization\r\n",
            status: 400,
            code: "gateway-bad-header",
            challenge: None,
        },
        Row {
            name: "a bound token without its proof".into(),
            headers: header(&issuer.with("cnf", json!({ "jkt": "x" }))),
            status: 401,
            code: "gateway-proof-invalid",
            challenge: Some(
                r#"DPoP realm="bank", error="invalid_dpop_proof", algs="ES256 EdDSA PS256 RS256""#,
            ),
        },
        Row {
            name: "J22 bound to a certificate that is not shown".into(),
            headers: header(&issuer.with("cnf", json!({ "x5t#S256": "x" }))),
            status: 401,
            code: "gateway-token-invalid",
            challenge: Some(INVALID),
        },
        Row {
            name: "nobody".into(),
            headers: String::new(),
            status: 401,
            code: "gateway-caller-unknown",
            challenge: Some(r#"Bearer realm="bank""#),
        },
        Row {
            name: "another scheme".into(),
            headers: "Authorization: Basic eDp5\r\n".into(),
            status: 401,
            code: "gateway-caller-unknown",
            challenge: Some(r#"Bearer realm="bank""#),
        },
    ]
}

fn check(house: &House, row: &Row) {
    let (before, refused) = (house.bank.bytes(), house.rig.refusals());
    let clock = SystemClock::start();
    let request = format!("GET /a HTTP/1.1\r\nHost: bank.test\r\n{}\r\n", row.headers);
    let closing = format!("{request}GET /end HTTP/1.1\r\n\r\n");
    let answer = house.rig.send(closing.as_bytes(), usize::MAX);
    let took = clock.running();
    let reply = Reply::of(&answer);
    let name = &row.name;
    assert_eq!(reply.status, row.status, "{name}: {}", text(&answer));
    let kind = reply.header("content-type");
    assert_eq!(kind, Some("application/problem+json"), "{name}");
    let problem: Value = serde_json::from_str(&reply.body).expect("a problem");
    assert_eq!(problem["code"], row.code, "{name}");
    assert_eq!(problem.as_object().map(serde_json::Map::len), Some(4), "{name}: {problem}");
    assert_eq!(reply.header("www-authenticate"), row.challenge, "{name}");
    assert_eq!(house.bank.bytes(), before, "{name}: the bank saw something");
    // One for the row, one for the broken request that closes the connection, if it got so far.
    let noted = house.rig.refusals() - refused;
    assert!((1..=2).contains(&noted), "{name}: noted {noted} times");
    // Nobody is asked and nothing is waited for; a machine that is busy may still take its time.
    assert!(took < Duration::from_secs(5), "{name}: {took:?}");
    assert_eq!(house.bearer(&house.issuer.good()).status, 200, "{name}: the next client");
}

#[test]
fn no_token_of_the_table_is_believed_and_good_ones_are() {
    let house = House::before(
        Issuer::open(),
        crate::rig::Upstream::start(),
        |_folder| {
            "[limits]\nhead_bytes_max = 65536\n[routes.all]\nto = \"bank\"\nauth = { issuer = \"house\" }\n"
                .to_owned()
        },
        "jwks = \"/keys\"\ncookie = \"at\"\n",
    );
    let issuer = &house.issuer;
    assert_eq!(house.bearer(&issuer.good()).status, 200, "the keys are there");
    let all = [
        algorithms(issuer),
        headers(issuer),
        spellings(issuer),
        dates(issuer),
        names(issuer),
        disagreeing(issuer),
    ];
    let rows: Vec<Row> = all.into_iter().flatten().collect();
    for row in &rows {
        check(&house, row);
    }
    for (name, token) in [
        ("J12 within the leeway", issuer.with("exp", json!(now() - 50))),
        ("J13 among others", issuer.with("aud", json!(["shop", AUDIENCE]))),
    ] {
        assert_eq!(house.bearer(&token).status, 200, "{name}");
    }
    let good = issuer.good();
    let both = format!("Authorization: Bearer {good}\r\nCookie: a=b; at={good}\r\n");
    assert_eq!(house.rig.get("/a", &both).status, 200, "J21 they agree");
    let asked: Vec<_> = issuer.upstream.received().into_iter().map(|it| it.head).collect();
    assert!(asked.iter().all(|head| head.starts_with("GET /keys ")), "J4: {asked:?}");
    assert!(asked.len() <= 2, "unknown keys are looked for once in ten seconds: {}", asked.len());
    let (count, signature) = (rows.len(), good.rsplit_once('.').expect("parts").1.to_owned());
    let lines = house.lines();
    let reasons = lines.iter().filter(|line| line["path"] == "/a" && line["status"] != 200);
    let reasons: Vec<_> = reasons.collect();
    assert_eq!(reasons.len(), count, "one line for each row");
    for line in &lines {
        let text = line.to_string();
        assert!(!text.contains("eyJ") && !text.contains(&signature), "a token: {text}");
        assert_eq!(line["status"] == 200, line["reason"].is_null(), "{text}");
    }
}

#[test]
fn j18_a_token_of_a_mebibyte_is_no_header() {
    let house = House::asking("issuer = \"house\"");
    let reply = house.bearer(&"A".repeat(1024 * 1024));
    assert_eq!(reply.status, 431);
    assert_eq!(house.bank.bytes(), 0);
    assert_eq!(house.bearer(&house.issuer.good()).status, 200);
}

#[test]
fn j6_a_bad_set_of_keys_is_refused_and_the_old_one_kept() {
    let house = House::with(
        |_folder| "[routes.all]\nto = \"bank\"\nauth = { issuer = \"house\" }\n".to_owned(),
        "jwks = \"/keys\"\nfetch_apart = \"1ms\"",
    );
    let issuer = &house.issuer;
    assert_eq!(house.bearer(&issuer.good()).status, 200);
    let (next, _bytes) = SigningKey::generate().expect("a key");
    let newer = next.sign(TokenType::Access, &issuer.claims()).expect("it signs");
    let (good, new) = (published(&issuer.key), published(&next));
    let changed = |name: &str, value: Value| {
        let mut key = new.clone();
        key[name] = value;
        key
    };
    let weak = json!({ "kty": "RSA", "kid": "w", "alg": "RS256", "n": encode([0xff_u8; 128]), "e": "AQAB" });
    let one =
        json!({ "kty": "RSA", "kid": "w", "alg": "RS256", "n": encode([0xff_u8; 256]), "e": "AQ" });
    for (row, keys) in [
        ("two of one name", vec![new.clone(), changed("x", good["x"].clone()), new.clone()]),
        ("for encryption", vec![changed("use", json!("enc"))]),
        ("to sign with", vec![changed("key_ops", json!(["sign"]))]),
        ("RSA 1024", vec![new.clone(), weak]),
        ("e = 1", vec![new.clone(), one]),
        ("a secret", vec![new.clone(), json!({ "kty": "oct", "kid": "k", "k": "AAAA" })]),
        ("nothing", vec![]),
    ] {
        issuer.publish(&keys);
        assert_eq!(house.bearer(&newer).status, 401, "J6 {row}");
        assert_eq!(house.bearer(&issuer.good()).status, 200, "J6 {row}: the old key");
    }
    issuer.publish(&[good, new]);
    until("a good set is taken", || house.bearer(&newer).status == 200);
}

#[test]
fn j16_a_token_of_one_tenant_is_nothing_on_the_ground_of_another() {
    let house = House::with(
        |_folder| {
            "[routes.host]\nhost = \"*.bank.test\"\nto = \"bank\"\n\
             auth = { issuer = \"house\", tenant = \"{subdomain}\" }\n\
             [routes.path]\npath = \"/tenants/{tenant}/*\"\nto = \"bank\"\n\
             auth = { issuer = \"house\", tenant = \"{tenant}\" }\n\
             [routes.fixed]\nhost = \"acme.test\"\nto = \"bank\"\n\
             auth = { issuer = \"house\", tenant = \"acme\" }\n"
                .to_owned()
        },
        "jwks = \"/keys\"",
    );
    let (acme, nobodys) = (house.issuer.with("tenant", json!("acme")), house.issuer.good());
    let asked = |host: &str, path: &str, token: &str| {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        Reply::of(&house.rig.send(request.as_bytes(), usize::MAX)).status
    };
    for (host, path, token, status) in [
        ("acme.bank.test", "/a", &acme, 200),
        ("ACME.bank.test", "/a", &acme, 200),
        ("other.bank.test", "/a", &acme, 403),
        ("acme.bank.test", "/a", &nobodys, 403),
        ("any.test", "/tenants/acme/a", &acme, 200),
        ("any.test", "/tenants/other/a", &acme, 403),
        ("any.test", "/tenants/%61cme/a", &acme, 200),
        ("acme.test", "/a", &acme, 200),
        ("acme.test", "/a", &nobodys, 403),
    ] {
        assert_eq!(asked(host, path, token), status, "J16 {host}{path}");
        let seen = house.bank.take();
        assert_eq!(seen.len(), usize::from(status == 200), "J16 {host}{path}");
        let tenant = seen.first().and_then(|it| it.header("x-tenant"));
        assert_eq!(tenant, (status == 200).then_some("acme"));
    }
}

#[test]
fn j19_what_was_taken_back_is_refused_from_then_on_and_over_changes() {
    let house = House::asking("issuer = \"house\"");
    let issuer = &house.issuer;
    let token = issuer.good();
    let other = issuer.signed(&{
        let mut claims = issuer.claims();
        claims["jti"] = json!("t2");
        claims["sid"] = json!("s2");
        claims
    });
    assert_eq!((house.bearer(&token).status, house.bearer(&other).status), (200, 200));
    house.rig.handle.revocations("house").session("s1");
    assert_eq!((house.bearer(&token).status, house.bearer(&other).status), (401, 200));
    let toml = super::house::toml(
        issuer,
        &house.bank,
        house.folder.path(),
        "jwks = \"/keys\"\nleeway = \"30s\"",
    );
    house
        .rig
        .reload(&format!("{toml}[routes.all]\nto = \"bank\"\nauth = {{ issuer = \"house\" }}\n"));
    assert_eq!((house.bearer(&token).status, house.bearer(&other).status), (401, 200));
    house.rig.handle.revocations("house").token("t2");
    assert_eq!(house.bearer(&other).status, 401);
}
