//! What a principal has to be.

use std::time::Duration;

use ondol_auth::{Principal, Role, Scope};
use ondol_kernel::Timestamp;
use serde_json::json;

use super::Demand;
use crate::config::{AuthOptions, ClaimWanted};
use crate::who::refusal::{Refusal, StepUp};

const NOW: u64 = 1_767_225_600;

fn now() -> Timestamp {
    Timestamp::from_micros(i64::try_from(NOW).expect("it fits") * 1_000_000).expect("a moment")
}

fn kim() -> Principal {
    let mut kim = Principal::known("kim", "web");
    kim.scopes = vec![Scope("accounts".into()), Scope("transfers".into())];
    kim.roles = vec![Role("user".into())];
    kim.tenant = Some("acme".into());
    kim.acr = Some("2fa".into());
    kim.amr = vec!["pwd".into(), "otp".into()];
    kim.auth_time = Some(NOW - 300);
    kim.claims = [
        ("channel".to_owned(), json!("web")),
        ("level".to_owned(), json!(3)),
        ("staff".to_owned(), json!(true)),
        ("groups".to_owned(), json!(["a", ["b"], 7])),
    ]
    .into();
    kim
}

fn asked(change: impl FnOnce(&mut AuthOptions)) -> Result<(), Refusal> {
    let mut options = AuthOptions::default();
    change(&mut options);
    Demand::new(&options).met(&kim(), None, now)
}

#[test]
fn all_scopes_are_needed_and_one_of_the_roles() {
    let scopes = |all: &[&str]| all.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
    assert!(asked(|it| it.scopes = scopes(&["accounts", "transfers"])).is_ok());
    let missed = asked(|it| it.scopes = scopes(&["accounts", "loans"]));
    assert!(matches!(missed, Err(Refusal::Scope(all)) if all == "accounts loans"));
    assert!(asked(|it| it.roles = scopes(&["teller", "user"])).is_ok());
    assert!(matches!(asked(|it| it.roles = scopes(&["teller"])), Err(Refusal::NotHis(_))));
}

#[test]
fn a_claim_is_what_it_has_to_be_or_a_list_that_holds_it() {
    let text = |it: &str| ClaimWanted::Text(it.to_owned());
    for (name, wanted, is_met) in [
        ("channel", text("web"), true),
        ("channel", text("atm"), false),
        ("channel", ClaimWanted::Truth(true), false),
        ("level", ClaimWanted::Number(3), true),
        ("level", text("3"), false),
        ("staff", ClaimWanted::Truth(true), true),
        ("staff", ClaimWanted::Truth(false), false),
        ("groups", text("a"), true),
        ("groups", text("b"), false),
        ("groups", ClaimWanted::Number(7), true),
        ("none", text("web"), false),
        ("channel", ClaimWanted::Any(vec![text("atm"), text("web")]), true),
        ("channel", ClaimWanted::Any(vec![text("atm")]), false),
        ("channel", ClaimWanted::Any(Vec::new()), false),
        ("groups", ClaimWanted::Any(vec![text("x"), ClaimWanted::Number(7)]), true),
    ] {
        let found = asked(|it| drop(it.claims.insert(name.to_owned(), wanted.clone())));
        assert_eq!(found.is_ok(), is_met, "{name} {wanted:?}");
    }
}

#[test]
fn on_a_tenants_ground_only_its_own_people_are_known() {
    let demand = Demand::new(&AuthOptions::default());
    assert!(demand.met(&kim(), Some("acme"), now).is_ok());
    assert!(matches!(demand.met(&kim(), Some("other"), now), Err(Refusal::NotHis(_))));
    let nobodys = Principal::known("lee", "web");
    assert!(matches!(demand.met(&nobodys, Some("acme"), now), Err(Refusal::NotHis(_))));
}

#[test]
fn strength_and_age_are_asked_for_by_what_would_be_enough() {
    let one = |it: &str| vec![it.to_owned()];
    let seconds = |it| Some(Duration::from_secs(it));
    assert!(
        asked(|it| (it.acr, it.amr, it.max_age) = (one("2fa"), one("otp"), seconds(300))).is_ok()
    );
    let weak = asked(|it| (it.acr, it.max_age) = (one("3fa"), seconds(300)));
    let wanted = StepUp { acr: one("3fa"), max_age: Some(300) };
    assert!(matches!(weak, Err(Refusal::StepUp(asked)) if asked == wanted));
    assert!(matches!(asked(|it| it.max_age = seconds(299)), Err(Refusal::StepUp(_))));
    assert!(matches!(asked(|it| it.amr = one("hwk")), Err(Refusal::StepUp(_))));
    let mut never = kim();
    never.auth_time = None;
    let demand = Demand::new(&AuthOptions { max_age: seconds(300), ..AuthOptions::default() });
    assert!(matches!(demand.met(&never, None, now), Err(Refusal::StepUp(_))));
}
