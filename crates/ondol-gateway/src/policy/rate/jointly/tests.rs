//! A Redis that comes up and answers late or never, on a clock that is moved by hand.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::HeaderMap;
use ondol_doors::ManualClock;
use ondol_kernel::Timestamp;
use ondol_resilience::Mode;

use super::*;
use crate::policy::rate::ledger::Ledger;

/// A limiter of `calls` a minute whose Redis has come up and never answers, shared by two.
fn unanswered(calls: u32) -> (Limiter, Arc<Link>) {
    let options = "url = \"redis://127.0.0.1:1\"\ngateways = 2\nwait = \"5ms\"";
    let link = Arc::new(Link::new("main", &toml::from_str(options).expect("options")));
    link.come_up();
    let limit: Limit = format!("{calls} / minute per ip").parse().expect("a limit");
    let limiter = Limiter {
        shared: Some(Shared::new(&link, &limit, "routes.all ip 60s")),
        limit,
        mode: Mode::Enforce,
        keys_max: 8,
        name: "ip".to_owned(),
        ledger: Arc::new(Ledger::new(8)),
    };
    (limiter, link)
}

fn poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[test]
fn a_request_waits_as_long_as_it_may_and_those_after_it_do_not_wait_at_all() {
    let (limiter, link) = unanswered(4);
    let clock = ManualClock::at(Timestamp::EPOCH);
    let headers = HeaderMap::new();
    let address = "192.0.2.1".parse().expect("an address");
    let asker = Asker { user: None, key: None, address, headers: &headers };
    let shared = limiter.shared.as_ref().expect("it is shared");
    let take = || async { limiter.take_shared(shared, &clock, &asker).await.0 };

    let mut first = pin!(take());
    assert_eq!(poll(first.as_mut()), None);
    clock.advance(Duration::from_micros(4_999));
    assert_eq!(poll(first.as_mut()), None);
    clock.advance(Duration::from_micros(1));
    let judged = poll(first.as_mut()).expect("the time is over");
    assert!(judged.is_ok_and(|quota| quota.left == 1), "its part is two of four: {judged:?}");
    assert!(!link.is_prompt());

    assert!(poll(pin!(take())).is_some_and(|judged| judged.is_ok()));
    assert!(poll(pin!(take())).is_some_and(|judged| judged.is_err()), "two are its part");
}

#[test]
fn an_answer_in_time_is_what_counts_and_one_that_comes_late_is_used_later() {
    let (limiter, link) = unanswered(4);
    let clock = ManualClock::at(Timestamp::EPOCH);
    let headers = HeaderMap::new();
    let address = "192.0.2.1".parse().expect("an address");
    let asker = Asker { user: None, key: None, address, headers: &headers };
    let shared = limiter.shared.as_ref().expect("it is shared");
    let take = || async { limiter.take_shared(shared, &clock, &asker).await.0 };
    let answer = |calls, asked| {
        let given = super::super::share::Given { calls, left: 3, more_in: Duration::ZERO, part: 1 };
        for ask in link.batch() {
            ask.answer(super::super::link::Answer::Given(given), asked, clock.running());
        }
    };

    let mut first = pin!(take());
    assert_eq!(poll(first.as_mut()), None);
    answer(1, Duration::ZERO);
    assert!(poll(first.as_mut()).is_some_and(|judged| judged.is_ok_and(|quota| quota.left == 3)));

    let mut second = pin!(take());
    assert_eq!(poll(second.as_mut()), None);
    clock.advance(Duration::from_millis(5));
    assert!(poll(second.as_mut()).is_some_and(|judged| judged.is_ok()), "alone");
    answer(2, Duration::ZERO);
    assert!(poll(pin!(take())).is_some_and(|judged| judged.is_ok_and(|quota| quota.left == 4)));
}
