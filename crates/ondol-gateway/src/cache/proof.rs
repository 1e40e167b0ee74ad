//! What must be true of every answer and every question, whatever stands in them.

use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use http::{HeaderMap, Response, StatusCode};
use ondol_kernel::Timestamp;

use super::fresh::{Rules, Use, Wishes};
use super::key::whom;
use super::stored::{Stored, Vary};
use super::{Control, Question};
use crate::body::Body;
use crate::cache::Key;
use crate::canonical::Target;
use crate::config::CacheOptions;

/// Holds an answer with these headers against a question with those, and says what came of it.
pub(crate) fn probe(answer: HeaderMap, asked: &HeaderMap) -> String {
    let control = Control::of(&answer);
    let mut response = Response::new(Body::full("x"));
    *response.headers_mut() = answer;
    let rules = Rules::of(&CacheOptions {
        fresh: Some(Duration::from_secs(9)),
        heuristic: true,
        stale_while_revalidate: Some(Duration::from_secs(3)),
        stale_if_error: Some(Duration::from_secs(5)),
        ..CacheOptions::default()
    });
    let who = whom(asked, None, None, |name| name.as_str().starts_with("x-user"));
    let named = asked.contains_key(AUTHORIZATION) || asked.contains_key(COOKIE);
    assert!(who.is_some() || !named, "someone has said who he is");
    let now = Timestamp::EPOCH.checked_add(Duration::from_secs(1_000_000_000)).expect("a time");
    let Some(freshness) = rules.storable(who.is_some(), &response, now) else {
        return format!("not stored {}", who.is_some());
    };
    let headers = response.headers();
    assert!(!control.no_store && !control.private && !headers.contains_key(SET_COOKIE));
    let says = control.public || control.s_maxage.is_some() || control.must_revalidate;
    assert!(who.is_none() || says, "RFC 9111, section 3.5");
    let wishes = Wishes::of(asked);
    let mut before = None;
    for age in [0, 1, 8, 9, 10, 60, 1 << 32] {
        let age = Duration::from_secs(age);
        let left = freshness.left(age);
        let judged = freshness.judge(age, &Wishes::default());
        assert_eq!(judged == Use::Fresh, !left.is_zero() && !control.no_cache);
        assert!(before.is_none_or(|before| left <= before), "nothing grows fresher");
        before = Some(left);
        let strict = control.must_revalidate || control.no_cache;
        assert!(!strict || judged != Use::WhileRevalidating);
        assert!(!strict || !left.is_zero() || freshness.judge(age, &wishes) == Use::Revalidate);
    }
    let Some(vary) = Vary::of(headers, asked, &[]) else { return "varies by more".to_owned() };
    let stored = Stored::new(StatusCode::OK, headers, b"x", freshness)
        .at(Duration::ZERO, now, Duration::ZERO)
        .varying(vary)
        .by(who);
    assert!(stored.answers(who, asked), "who has asked for it gets it");
    let shared = control.public || control.s_maxage.is_some();
    assert_eq!(stored.answers(Some([7; 32]), asked), shared, "and nobody else, but if it says so");
    let host = HeaderMap::from_iter([(http::header::HOST, http::HeaderValue::from_static("a"))]);
    let target = Target::read(&"/a".into(), None, &host, 1).expect("a target");
    let question = Question::new(Key::of(false, &target), who, wishes, asked);
    let given = stored.answer(&question, stored.age(Duration::from_secs(1)), "hit");
    let age = given.headers().get("age").and_then(|age| age.to_str().ok()?.parse::<u64>().ok());
    assert!(age.is_some_and(|age| age >= 1), "its age is told");
    format!(
        "{} {} {}",
        given.status(),
        who.is_some(),
        freshness.left(Duration::ZERO).as_secs().min(99)
    )
}
