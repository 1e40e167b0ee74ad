//! Keys come and go without a token being lost, and without anybody being able to make us ask.

use std::sync::Arc;
use std::time::Duration;

use ondol_auth::{
    Algorithm, KeyRing, KeyRingOptions, KeyTimes, SigningKey, SigningKeys, TokenType, VerifyError,
};
use ondol_doors::{Clock, ManualClock};
use ondol_kernel::Timestamp;
use tokio::task::JoinSet;

use crate::forge::{Workshop, manual_clock, published, set_of};
use crate::source::Issuer;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ring(issuer: &Arc<Issuer>, clock: &Arc<ManualClock>) -> KeyRing {
    let clock: Arc<dyn Clock> = clock.clone();
    KeyRing::new(issuer.clone(), clock, KeyRingOptions::default())
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_first_names_it() {
    let shop = Workshop::open();
    let (next, _bytes) = SigningKey::generate().expect("a key");
    let token = next.sign(TokenType::Access, &shop.claims()).expect("it signs");
    shop.issuer.publish(Some(set_of(&[published(&shop.key), published(&next)])));
    shop.believed("the new key", &token).await;
    shop.believed("the old key", &shop.signed(&shop.claims())).await;
    assert_eq!(shop.issuer.fetches(), 1);
}

#[tokio::test]
async fn a_key_that_is_gone_takes_what_was_remembered_with_it() {
    let shop = Workshop::open();
    let token = shop.signed(&shop.claims());
    shop.believed("before", &token).await;
    let (next, _bytes) = SigningKey::generate().expect("a key");
    shop.issuer.publish(Some(set_of(&[published(&next)])));
    let newer = next.sign(TokenType::Access, &shop.claims()).expect("it signs");
    shop.believed("the new key", &newer).await;
    assert_eq!(shop.refused("the old key", &token).await, VerifyError::UnknownKey);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_one_fetch_in_ten_seconds() {
    let shop = Workshop::open();
    let (thief, _bytes) = SigningKey::generate().expect("a key");
    let token = thief.sign(TokenType::Access, &shop.claims()).expect("it signs");
    for _ in 0..100 {
        assert_eq!(shop.refused("flood", &token).await, VerifyError::UnknownKey);
    }
    assert_eq!(shop.issuer.fetches(), 1);
    shop.clock.advance(secs(10));
    shop.refused("ten seconds later", &token).await;
    assert_eq!(shop.issuer.fetches(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_wait_for_a_key_wait_for_one_fetch() {
    let clock = manual_clock();
    let (key, _bytes) = SigningKey::generate().expect("a key");
    let issuer = Issuer::publishing(set_of(&[published(&key)]));
    let permits = issuer.gate.available_permits();
    issuer.gate.forget_permits(permits);
    let ring = ring(&issuer, &clock);
    let mut waiting = JoinSet::new();
    for _ in 0..50 {
        let (ring, kid) = (ring.clone(), key.kid().to_owned());
        waiting.spawn(async move { ring.key(&kid).await.map(|key| key.algorithm()) });
    }
    while issuer.fetches() == 0 {
        tokio::task::yield_now().await;
    }
    issuer.gate.add_permits(1);
    while let Some(found) = waiting.join_next().await {
        assert!(found.expect("no panic").is_ok());
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn an_issuer_out_of_reach_leaves_the_old_keys_in_use_for_a_day() {
    let clock = manual_clock();
    let (key, _bytes) = SigningKey::generate().expect("a key");
    let issuer = Issuer::publishing(set_of(&[published(&key)]));
    let ring = ring(&issuer, &clock);
    assert!(ring.key(key.kid()).await.is_ok());
    issuer.publish(None);
    clock.advance(secs(23 * 3600));
    assert!(ring.key(key.kid()).await.is_ok(), "stale, and still believed");
    assert_eq!(issuer.fetches(), 2, "it was asked");
    clock.advance(secs(2 * 3600));
    assert_eq!(ring.key(key.kid()).await.err(), Some(VerifyError::NoKeys));
    issuer.publish(Some(set_of(&[published(&key)])));
    clock.advance(secs(10));
    assert!(ring.key(key.kid()).await.is_ok(), "it is back");
}

#[tokio::test]
async fn a_verifier_without_keys_believes_nobody_and_says_why() {
    let clock = manual_clock();
    let issuer = Issuer::publishing(Vec::new());
    issuer.publish(None);
    let ring = ring(&issuer, &clock);
    assert_eq!(ring.key("any").await.err(), Some(VerifyError::NoKeys));
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_not_waited_for() {
    let clock = manual_clock();
    let (key, _bytes) = SigningKey::generate().expect("a key");
    let issuer = Issuer::publishing(set_of(&[published(&key)]));
    issuer.gate.forget_permits(issuer.gate.available_permits());
    let ring = ring(&issuer, &clock);
    let (asked, kid) = (ring.clone(), key.kid().to_owned());
    let mut waiting = JoinSet::new();
    waiting.spawn(async move { asked.key(&kid).await.err() });
    while issuer.fetches() == 0 {
        tokio::task::yield_now().await;
    }
    clock.advance(secs(5));
    assert_eq!(
        waiting.join_next().await.expect("one").expect("no panic"),
        Some(VerifyError::NoKeys)
    );
}

#[test]
fn keys_are_published_before_they_sign_and_after_they_have_signed() {
    let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).expect("a date");
    let times = |from, until, published| KeyTimes {
        signs_from: at(from),
        signs_until: at(until),
        published_until: at(published),
    };
    let ((first, _), (second, _)) =
        (SigningKey::generate().expect("a key"), SigningKey::generate().expect("a key"));
    let mut keys = SigningKeys::default();
    keys.add(first.clone(), times(0, 110, 150));
    keys.add(second.clone(), times(100, 210, 250));
    let active = |now| keys.active(Algorithm::Es256, at(now)).map(|key| key.kid().to_owned()).ok();
    let published = |now| {
        let set = keys.published(at(now)).expect("it can be written");
        let set = ondol_auth::KeySet::read(&set).expect("it can be read");
        (set.key(first.kid()).is_some(), set.key(second.kid()).is_some())
    };
    assert_eq!(active(50).as_deref(), Some(first.kid()));
    assert_eq!(published(50), (true, true), "the next one is published before it signs");
    assert_eq!(active(105).as_deref(), Some(second.kid()), "of two, the one that began last");
    assert_eq!(published(149), (true, true), "the last one is published until its tokens end");
    assert_eq!(published(150), (false, true));
    assert_eq!(active(210), None);
}
