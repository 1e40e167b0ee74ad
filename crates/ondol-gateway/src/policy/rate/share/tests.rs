//! Calls that a gateway holds.

use super::*;

const LEASE: Duration = Duration::from_secs(1);

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn given(calls: u32, left: u32) -> Given {
    Given { calls, left, more_in: Duration::from_secs(30), part: 7 }
}

/// Asks, and is given what it asked for.
fn refill(share: &mut Share, now: u64) -> Wanted {
    let (step, wanted) = share.step(1000, at(now));
    assert!(matches!(step, Step::Wait(_)), "{step:?}");
    let wanted = wanted.expect("something to ask for");
    share.given(given(wanted.calls, 500), at(now) + LEASE, LEASE, at(now));
    wanted
}

fn take(share: &mut Share, now: u64) -> Option<Wanted> {
    let (step, wanted) = share.step(1000, at(now));
    assert!(matches!(step, Step::Taken(_)), "{step:?}");
    wanted
}

#[test]
fn a_quiet_key_asks_for_one_and_a_busy_one_for_twice_as_many() {
    let mut share = Share::default();
    assert_eq!(refill(&mut share, 0).calls, 1);
    take(&mut share, 0);
    assert_eq!(refill(&mut share, 5_000).calls, 1, "the lease was over by then");
    take(&mut share, 5_000);
    for calls in [2, 4] {
        assert_eq!(refill(&mut share, 5_100).calls, calls);
        for _ in 0..calls {
            assert_eq!(take(&mut share, 5_100), None);
        }
    }
    assert_eq!(refill(&mut share, 5_200).calls, 8);
    let asked: Vec<_> =
        (0..8).map(|_| take(&mut share, 5_200).map(|wanted| wanted.calls)).collect();
    assert_eq!(asked[5], Some(16), "more is asked for before the last is used: {asked:?}");
    assert_eq!(asked.iter().flatten().count(), 1, "{asked:?}");
}

#[test]
fn what_was_not_used_in_time_is_not_used_and_goes_back() {
    let mut share = Share::default();
    refill(&mut share, 0);
    share.given(given(10, 500), at(0) + LEASE, LEASE, at(0));
    for _ in 0..4 {
        take(&mut share, 999);
    }
    let wanted = refill(&mut share, 1_000);
    assert_eq!(wanted, Wanted { calls: 1, back: (7, 7) });
}

#[test]
fn those_who_ask_meanwhile_wait_for_the_same_answer_and_are_thought_of_next() {
    let mut share = Share::default();
    let (_, wanted) = share.step(1000, at(0));
    assert_eq!(wanted.map(|wanted| wanted.calls), Some(1));
    for _ in 0..6 {
        let (step, wanted) = share.step(1000, at(1));
        assert!(matches!((step, wanted), (Step::Wait(_), None)));
    }
    share.given(given(1, 500), at(0) + LEASE, LEASE, at(2));
    take(&mut share, 2);
    assert_eq!(refill(&mut share, 2).calls, 6, "five still wait, and one comes");
}

#[test]
fn a_no_is_remembered_but_not_for_long() {
    let mut share = Share::default();
    share.step(1000, at(0));
    share.given(given(0, 0), at(0) + LEASE, LEASE, at(1));
    let (step, wanted) = share.step(1000, at(1_000));
    assert!(matches!(step, Step::Refused(Quota { left: 0, .. })) && wanted.is_none(), "{step:?}");
    let (step, wanted) = share.step(1000, at(1_001));
    assert!(matches!(step, Step::Wait(_)) && wanted.is_some(), "another may have given back");
}

#[test]
fn nobody_asks_again_at_once_when_there_was_no_answer() {
    let mut share = Share::default();
    let (Step::Wait(answer), Some(_)) = share.step(1000, at(0)) else { unreachable!() };
    let woken = answer.notified_owned();
    share.unanswered(at(10));
    assert!(futures_are_ready(woken), "whoever waits goes on");
    assert!(matches!(share.step(1000, at(109)), (Step::Alone, None)));
    assert!(matches!(share.step(1000, at(110)), (Step::Wait(_), Some(_))));
}

fn futures_are_ready(future: impl Future<Output = ()>) -> bool {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    future.as_mut().poll(&mut context).is_ready()
}

#[test]
fn a_call_that_was_not_used_after_all_is_there_again() {
    let mut share = Share::default();
    refill(&mut share, 0);
    take(&mut share, 0);
    share.give_back();
    take(&mut share, 1);
}
