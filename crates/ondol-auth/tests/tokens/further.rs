//! What a gateway wants of a verifier besides: several names of its own, further claims, keys that
//! somebody else looks after.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ondol_auth::{
    KeyRing, KeyRingOptions, Principal, Revocations, Verifier, VerifierOptions, VerifyError,
    claimed_issuer,
};
use ondol_doors::Clock;
use serde_json::json;

use crate::forge::{AUDIENCE, ISSUER, Workshop, published, set_of};

fn verifier(shop: &Workshop, change: impl FnOnce(&mut VerifierOptions)) -> Verifier {
    let clock: Arc<dyn Clock> = shop.clock.clone();
    let ring = KeyRing::new(shop.issuer.clone(), Arc::clone(&clock), KeyRingOptions::default());
    ring.put(set_of(&[published(&shop.key)])).expect("a set");
    let mut options = VerifierOptions::new(ISSUER, AUDIENCE);
    change(&mut options);
    Verifier::new(options, ring, Revocations::default(), clock)
}

#[tokio::test]
async fn whoever_has_several_names_takes_tokens_for_each_of_them() {
    let shop = Workshop::open();
    let verifier = verifier(&shop, |options| options.audiences_more = vec!["atm".to_owned()]);
    assert!(verifier.verify(&shop.signed(&shop.claims())).await.is_ok());
    assert!(verifier.verify(&shop.with("aud", json!("atm"))).await.is_ok());
    let other = verifier.verify(&shop.with("aud", json!("atm2"))).await;
    assert_eq!(other, Err(VerifyError::Audience));
}

#[tokio::test]
async fn only_the_further_claims_that_somebody_wants_are_kept() {
    let shop = Workshop::open();
    let verifier = verifier(&shop, |options| options.claims = vec!["channel".to_owned()]);
    let mut claims = shop.claims();
    claims["channel"] = json!("atm");
    claims["other"] = json!("secret");
    let principal = verifier.verify(&shop.signed(&claims)).await.expect("it is right");
    assert_eq!(principal.claims, BTreeMap::from([("channel".to_owned(), json!("atm"))]));
    assert_eq!(Principal::known("kim", "web").claims, BTreeMap::new());
}

#[tokio::test]
async fn whoever_cannot_wait_goes_on_with_keys_that_are_no_longer_fresh() {
    let shop = Workshop::open();
    let verifier = verifier(&shop, |_options| {});
    let token = shop.with("exp", json!(crate::forge::NOW + 90_000));
    assert!(verifier.verify_now(&token).is_ok());
    shop.issuer.publish(None);
    shop.clock.advance(Duration::from_secs(3_600));
    assert!(!verifier.ring().is_fresh() && verifier.ring().is_believed());
    assert!(verifier.verify_now(&token).is_ok(), "the issuer is not there");
    assert_eq!(shop.issuer.fetches(), 0, "nobody waited for it");
    verifier.ring().look_after().await;
    verifier.ring().look_after().await;
    assert_eq!(shop.issuer.fetches(), 1, "and nobody presses it");
    shop.clock.advance(Duration::from_secs(24 * 3_600 - 3_600 + 1));
    assert_eq!(verifier.verify_now(&token), Err(VerifyError::NoKeys));
}

#[test]
fn whom_a_token_says_it_is_from_can_be_read_before_it_is_believed() {
    let shop = Workshop::open();
    assert_eq!(claimed_issuer(&shop.signed(&shop.claims())).as_deref(), Some(ISSUER));
    for odd in ["", "a.b", "a.b.c", "e30.e30.AA", &shop.with("iss", json!(7))] {
        assert_eq!(claimed_issuer(odd), None, "{odd}");
    }
}
