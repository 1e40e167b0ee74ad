//! What is told, and what cannot be.

use http::HeaderMap;
use ondol_auth::{Principal, Role, Scope};
use serde_json::json;

use super::Tell;
use crate::config::AuthOptions;

fn told(principal: &Principal, tell: &[(&str, &str)]) -> Option<String> {
    let pairs = tell.iter().map(|(name, part)| ((*name).to_owned(), (*part).to_owned()));
    let options =
        AuthOptions { tell: (!tell.is_empty()).then(|| pairs.collect()), ..AuthOptions::default() };
    let mut headers = HeaderMap::new();
    Tell::new(&options).tell(principal, &mut headers).ok()?;
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    lines.sort();
    Some(lines.join("; "))
}

#[test]
fn what_is_known_is_told_and_nothing_else() {
    let mut kim = Principal::known("kim", "web");
    kim.roles = vec![Role("teller".into()), Role("user".into())];
    kim.scopes = vec![Scope("openid".into()), Scope("accounts".into())];
    kim.claims = [("channel".into(), json!("atm")), ("level".into(), json!(3))].into();
    let usual =
        "x-user-client=web; x-user-id=kim; x-user-roles=teller user; x-user-scopes=openid accounts";
    assert_eq!(told(&kim, &[]).as_deref(), Some(usual));
    let own = [("x-who", "subject"), ("x-channel", "claim:channel"), ("x-level", "claim:level")];
    assert_eq!(told(&kim, &own).as_deref(), Some("x-channel=atm; x-level=3; x-who=kim"));
    assert_eq!(told(&kim, &[("x-none", "claim:none")]).as_deref(), Some(""));
    let han = Principal::known("김", "web");
    assert_eq!(told(&han, &[("x-who", "subject")]).as_deref(), Some("x-who=김"));
}

#[test]
fn what_would_be_read_as_something_else_is_not_told() {
    for subject in ["kim\r\nx-user-roles: admin", "kim\0", "kim\n"] {
        assert_eq!(told(&Principal::known(subject, "web"), &[]), None, "{subject:?}");
    }
    for role in ["user admin", "user,admin", "", "user\u{a0}admin", "user\tadmin"] {
        let mut kim = Principal::known("kim", "web");
        kim.roles = vec![Role(role.into())];
        assert_eq!(told(&kim, &[]), None, "{role:?}");
        kim.roles.clear();
        kim.claims = [("groups".into(), json!([role]))].into();
        assert_eq!(told(&kim, &[("x-groups", "claim:groups")]), None, "{role:?}");
    }
}

#[test]
fn routes_that_tell_other_things_do_not_tell_each_others() {
    let kim = Principal::known("kim", "web");
    let usual = "x-user-client=web; x-user-id=kim";
    for _ in 0..2 {
        assert_eq!(told(&kim, &[]).as_deref(), Some(usual));
        assert_eq!(told(&kim, &[("x-who", "subject")]).as_deref(), Some("x-who=kim"));
        assert_eq!(told(&kim, &[("x-who", "client")]).as_deref(), Some("x-who=web"));
    }
}
