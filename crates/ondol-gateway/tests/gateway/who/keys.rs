//! Keys that are shown with requests, and certificates that say who somebody is.

use std::fmt::Write as _;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use ondol_gateway::Config;

use super::house::{House, toml};
use crate::rig::until;

fn hash(key: &str) -> String {
    digest(&SHA256, key.as_bytes()).as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

fn write(folder: &Path, more: &str) {
    let text = format!(
        "[acme-1]\nhash = \"sha256:{}\"\nowner = \"acme\"\nscopes = [\"transfers\"]\nroles = [\"partner\"]\ntenant = \"acme\"\n\
         [old-1]\nhash = \"sha256:{}\"\nowner = \"old\"\nexpires = \"2020-01-01T00:00:00Z\"\n{more}",
        hash("word-of-acme"),
        hash("word-of-old"),
    );
    std::fs::write(folder.join("keys.toml"), text).expect("a file of keys");
}

fn more(folder: &Path, auth: &str) -> String {
    write(folder, "");
    let file = folder.join("keys.toml");
    format!("[keys.partners]\nfile = {file:?}\n[routes.all]\nto = \"bank\"\nauth = {{ {auth} }}\n")
}

fn house(auth: &str) -> House {
    House::with(|folder| more(folder, auth), "jwks = \"/keys\"")
}

#[test]
fn a_key_says_who_asks_and_does_not_go_on() {
    let house = house("keys = \"partners\", scopes = [\"transfers\"]");
    assert_eq!(house.rig.get("/a", "X-API-Key: word-of-acme\r\n").status, 200);
    let seen = &house.bank.take()[0];
    for (header, value) in [
        ("x-user-id", Some("acme")),
        ("x-user-client", Some("acme-1")),
        ("x-user-scopes", Some("transfers")),
        ("x-user-roles", Some("partner")),
        ("x-tenant", Some("acme")),
        ("x-api-key", None),
    ] {
        assert_eq!(seen.header(header), value, "{header}");
    }
    for (headers, status, code, challenge) in [
        ("", 401, "gateway-caller-unknown", "ApiKey"),
        ("X-API-Key: other\r\n", 401, "gateway-key-invalid", "ApiKey"),
        ("X-API-Key: word-of-old\r\n", 401, "gateway-key-invalid", "ApiKey"),
        ("X-API-Key:\r\n", 401, "gateway-key-invalid", "ApiKey"),
        (
            "X-API-Key: word-of-acme\r\nX-API-Key: word-of-acme\r\n",
            400,
            "gateway-caller-ambiguous",
            "ApiKey",
        ),
        (
            "X-API-Key: word-of-acme\r\nAuthorization: a\r\nAuthorization: b\r\n",
            400,
            "gateway-caller-ambiguous",
            "ApiKey",
        ),
    ] {
        let reply = house.rig.get("/a", headers);
        assert_eq!(reply.status, status, "{headers}");
        assert!(reply.body.contains(code), "{headers}: {}", reply.body);
        assert_eq!(reply.header("www-authenticate"), Some(challenge), "{headers}");
    }
    assert!(house.bank.take().is_empty());
    let lines = house.lines();
    assert!(lines.iter().all(|line| !line.to_string().contains("word-of")), "a key: {lines:?}");
    assert_eq!(lines[0]["caller"], "acme");
}

#[test]
fn a_route_that_takes_tokens_and_keys_takes_one_of_them() {
    let house = house("keys = \"partners\", issuer = \"house\", forward_token = true");
    let token = format!("Authorization: Bearer {}\r\n", house.issuer.good());
    let key = "X-API-Key: word-of-acme\r\n";
    assert_eq!(house.rig.get("/a", &token).status, 200);
    assert_eq!(house.rig.get("/a", key).status, 200);
    assert_eq!(house.rig.get("/a", &format!("{key}Authorization: Basic eDp5\r\n")).status, 200);
    assert_eq!(house.rig.get("/a", &format!("{key}{token}")).status, 400, "J21");
    let seen = house.bank.take();
    let who: Vec<_> = seen.iter().map(|it| it.header("x-user-id")).collect();
    assert_eq!(who, [Some("kim"), Some("acme"), Some("acme")]);
    assert_eq!(seen[1].header("x-api-key"), Some("word-of-acme"), "as the route wishes");
}

#[test]
fn keys_come_and_go_with_their_file() {
    let house = house("keys = \"partners\"");
    let asked = |key: &str| house.rig.get("/a", &format!("X-API-Key: {key}\r\n")).status;
    assert_eq!((asked("word-of-acme"), asked("new")), (200, 401));
    let new = format!("[new]\nhash = \"sha256:{}\"\nowner = \"new\"\n", hash("new"));
    write(house.folder.path(), &new);
    until("the new key is known", || asked("new") == 200);
    std::fs::write(house.folder.path().join("keys.toml"), "[new]\nkey = \"in clear\"\n")
        .expect("a file");
    let text = toml(&house.issuer, &house.bank, house.folder.path(), "jwks = \"/keys\"");
    let file = house.folder.path().join("keys.toml");
    let text = format!(
        "{text}[keys.partners]\nfile = {file:?}\n[routes.all]\nto = \"bank\"\nauth = {{ keys = \"partners\" }}\n"
    );
    let failed =
        house.rig.handle.reload(Config::read("next.toml", &text).expect("a configuration"));
    assert!(failed.is_err(), "a bad file is refused");
    assert_eq!((asked("word-of-acme"), asked("new")), (200, 200), "and the keys at hand stay");
    std::fs::write(&file, new).expect("a file");
    until("the old key is gone", || asked("word-of-acme") == 401);
    assert_eq!(asked("new"), 200);
}
