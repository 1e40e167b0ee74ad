//! What may be stored, for how long, and for whom.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use ondol_kernel::Timestamp;
use proptest::prelude::*;

use super::fresh::{Freshness, Rules, Use, Wishes};
use super::key::whom;
use super::stored::{Stored, Vary, names_tag};
use super::{Control, Key, Purge, Shelf};
use crate::body::Body;
use crate::canonical::Target;
use crate::config::CacheOptions;

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        headers.append(name, HeaderValue::from_str(value).expect("a value"));
    }
    headers
}

fn control(value: &str) -> Control {
    Control::of(&headers(&[("cache-control", value)]))
}

fn storable(personal: bool, status: u16, lines: &[(&str, &str)]) -> Option<Freshness> {
    let mut response = Response::new(Body::full("x"));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    *response.headers_mut() = headers(lines);
    Rules::of(&CacheOptions::default()).storable(personal, &response, Timestamp::EPOCH)
}

fn key(path: &'static str) -> Key {
    let host = headers(&[("host", "a.test")]);
    let target = Target::read(&path.into(), None, &host, 1).expect("a target");
    Key::of(false, &target)
}

const NEVER: Duration = Duration::ZERO;

#[test]
fn directives_are_read_whatever_stands_around_them() {
    let read =
        control(r#" MAX-AGE = "60" ,, private="set-cookie, no-store", x=",public", s-maxage=5"#);
    assert_eq!((read.max_age, read.s_maxage, read.private), (Some(60), Some(5), true));
    assert!(!read.no_store && !read.public, "what stands between quotation marks is no directive");
    assert_eq!(control("max-age=60, max-age=5").max_age, Some(5), "the stricter one");
    assert_eq!(control("max-age=-1").max_age, Some(0), "no number is no time");
    assert_eq!(control("max-age=99999999999999999999").max_age, Some(1 << 31));
    assert_eq!(control("max-stale").max_stale, Some(1 << 31));
    assert!(control("public=\"").public);
}

#[test]
fn only_what_says_that_it_is_fresh_is_stored() {
    for not in [
        &[][..],
        &[("cache-control", "no-store, max-age=60")],
        &[("cache-control", "private, max-age=60")],
        &[("cache-control", "max-age=0")],
        &[("cache-control", "max-age=60"), ("set-cookie", "a=b")],
        &[("cache-control", "max-age=60"), ("content-type", "text/event-stream")],
        &[("cache-control", "max-age=60"), ("content-range", "bytes 0-1/2")],
        &[("expires", "0")],
        &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
        &[("etag", "\"1\"")],
    ] {
        assert_eq!(storable(false, 200, not), None, "{not:?}");
    }
    for status in [206, 304, 500, 502, 503, 401, 403] {
        assert_eq!(storable(false, status, &[("cache-control", "max-age=60")]), None, "{status}");
    }
    let lifetime = |lines: &[(&str, &str)]| storable(false, 200, lines).expect("stored").lifetime;
    let seconds = |it: u64| Duration::from_secs(it);
    assert_eq!(lifetime(&[("cache-control", "max-age=60")]), seconds(60));
    assert_eq!(lifetime(&[("cache-control", "max-age=60, s-maxage=5")]), seconds(5));
    let (date, expires) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:37 GMT");
    assert_eq!(lifetime(&[("date", date), ("expires", expires)]), seconds(60));
    assert_eq!(lifetime(&[("cache-control", "max-age=5"), ("expires", expires)]), seconds(5));
    assert_eq!(lifetime(&[("cache-control", "no-cache"), ("etag", "\"1\"")]), NEVER);
}

#[test]
fn an_answer_to_someone_is_stored_only_where_it_says_so() {
    assert_eq!(storable(true, 200, &[("cache-control", "max-age=60")]), None);
    for (control, shared) in [
        ("max-age=60, public", true),
        ("s-maxage=60", true),
        ("max-age=60, must-revalidate", false),
    ] {
        let freshness = storable(true, 200, &[("cache-control", control)]).expect(control);
        assert_eq!(freshness.shared, shared, "{control}");
    }
}

#[test]
fn what_may_not_be_given_stale_is_not() {
    let wishes = Wishes::of(&headers(&[("cache-control", "max-stale=1000")]));
    let late = Duration::from_secs(61);
    let judged = |control: &str, wishes: &Wishes| {
        storable(false, 200, &[("cache-control", control)]).expect("stored").judge(late, wishes)
    };
    let wishless = Wishes::default();
    assert_eq!(judged("max-age=60", &wishless), Use::Revalidate);
    assert_eq!(judged("max-age=60", &wishes), Use::Fresh);
    assert_eq!(judged("max-age=60, must-revalidate", &wishes), Use::Revalidate);
    assert_eq!(judged("s-maxage=60", &wishes), Use::Revalidate);
    let behind = "max-age=60, stale-while-revalidate=10";
    assert_eq!(judged(behind, &wishless), Use::WhileRevalidating);
    let strict = "max-age=60, must-revalidate, stale-while-revalidate=10";
    assert_eq!(judged(strict, &wishless), Use::Revalidate);
    for wished in ["no-cache", "max-age=10", "min-fresh=60"] {
        let wishes = Wishes::of(&headers(&[("cache-control", wished)]));
        assert_eq!(judged(behind, &wishes), Use::Revalidate, "{wished}");
    }
}

#[test]
fn the_tags_that_a_client_has_are_found() {
    let own = Some(&b"\"a,b\""[..]);
    for (list, known) in [
        ("\"a,b\"", true),
        ("W/\"a,b\"", true),
        ("\"x\", W/\"a,b\"", true),
        ("*", true),
        ("\"x\"", false),
        ("a,b", false),
        ("\"x\" \"a,b\"", false),
        ("", false),
    ] {
        assert_eq!(names_tag(list.as_bytes(), own), known, "{list}");
    }
    assert!(!names_tag(b"\"x\"", None));
}

#[test]
fn an_answer_is_as_old_as_all_say_who_had_it() {
    let aged = |lines: &[(&str, &str)], delay| {
        let spent = Freshness::spent();
        let stored = Stored::new(StatusCode::OK, &headers(lines), b"", spent);
        let time = Timestamp::EPOCH.checked_add(Duration::from_secs(100)).expect("a time");
        stored
            .at(Duration::from_secs(7), time, Duration::from_secs(delay))
            .age(Duration::from_secs(17))
            .as_secs()
    };
    assert_eq!(aged(&[], 0), 10);
    assert_eq!(aged(&[("age", "30")], 2), 42);
    assert_eq!(aged(&[("age", "30"), ("date", "Thu, 01 Jan 1970 00:00:10 GMT")], 0), 100);
    assert_eq!(aged(&[("date", "Thu, 01 Jan 2037 00:00:10 GMT")], 0), 10, "a clock that is ahead");
}

#[test]
fn what_is_asked_for_stays_and_what_is_not_makes_room() {
    let put = |shelf: &Shelf, path: &'static str| {
        let stored = Stored::new(StatusCode::OK, &HeaderMap::new(), &[0; 1000], Freshness::spent());
        shelf.put(&key(path), std::sync::Arc::new(stored), None);
    };
    let has = |shelf: &Shelf, path| shelf.get(&key(path), |_| true).is_some();
    let shelf = Shelf::new(6_000, 100);
    put(&shelf, "/a");
    put(&shelf, "/b");
    assert!(has(&shelf, "/a"), "asked for");
    put(&shelf, "/c");
    put(&shelf, "/d");
    assert!(has(&shelf, "/a") && !has(&shelf, "/b") && has(&shelf, "/d"));
    assert!(shelf.size().bytes <= 6_000 && shelf.size().evicted == 1);
    assert_eq!(shelf.purge(&Purge::Everything), 3);
    assert_eq!((shelf.size().bytes, shelf.size().answers), (0, 0), "nothing is left behind");
}

#[test]
fn what_varies_by_more_than_a_client_sends_cannot_be_told_apart() {
    let asked = headers(&[("accept-language", "ko"), ("accept-encoding", "GZIP, br")]);
    let of = |vary: &str| Vary::of(&headers(&[("vary", vary)]), &asked, &["x-ours".to_owned()]);
    for not in ["*", "accept, *", "x-forwarded-for", "X-Ours", "a b", "a,b,c,d,e,f,g,h,i"] {
        assert_eq!(of(not), None, "{not}");
    }
    assert_eq!(of("Accept-Language, accept-language"), of("accept-language"));
}

proptest! {
    #[test]
    fn freshness_is_never_negative(
        seconds in 0_u64..200, age in 0_u64..400, behind in 0_u64..50, most in 0_u64..400,
    ) {
        let said = format!("max-age={seconds}, stale-while-revalidate={behind}, stale-if-error=9");
        let lines = [("cache-control", said.as_str()), ("etag", "\"1\"")];
        let freshness = storable(false, 200, &lines).expect("stored");
        let age = Duration::from_secs(age);
        let left = freshness.left(age);
        prop_assert_eq!(left > NEVER, age < Duration::from_secs(seconds));
        let judged = freshness.judge(age, &Wishes::default());
        prop_assert_eq!(judged == Use::Fresh, left > NEVER);
        let wished = format!("max-age={most}");
        let wishes = Wishes::of(&headers(&[("cache-control", &wished)]));
        if age > Duration::from_secs(most) {
            prop_assert_eq!(freshness.judge(age, &wishes), Use::Revalidate);
        }
        if judged == Use::WhileRevalidating {
            prop_assert!(age < Duration::from_secs(seconds + behind));
        }
    }

    #[test]
    fn nobody_gets_what_was_another_s(
        one in "[a-c]{0,2}", other in "[a-c]{0,2}", by in 0_usize..4, shared in any::<bool>(),
    ) {
        let names = ["authorization", "cookie", "x-user-id", "x-api-key"];
        let who = |word: &str| {
            let lines = [(names[by], word)];
            let lines = if word.is_empty() { &[][..] } else { &lines[..] };
            whom(&headers(lines), None, None, |name| name.as_str().starts_with("x-user"))
        };
        let said = if shared { "max-age=60, public" } else { "max-age=60, must-revalidate" };
        let freshness = storable(!one.is_empty(), 200, &[("cache-control", said)]).expect("stored");
        let nothing = HeaderMap::new();
        let stored = Stored::new(StatusCode::OK, &nothing, b"", freshness).by(who(&one));
        prop_assert_eq!(stored.answers(who(&other), &nothing), shared || one == other);
    }
}
