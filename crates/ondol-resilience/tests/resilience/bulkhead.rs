//! The bulkhead.

use std::{
    future::Future,
    pin::pin,
    task::{Context as Task, Poll, Waker},
};

use ondol_resilience::{
    Bulkhead, BulkheadOptions, Carried, Context, LiftLayer, Mode, Place, Priority, Reason, Rejected,
};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use crate::rig::{Down, Rig, millis, now, reason, secs};

fn options() -> BulkheadOptions {
    BulkheadOptions { calls_max: 2, queue_max: 2, wait_max: secs(1), ..BulkheadOptions::default() }
}

fn bulkhead(rig: &Rig, options: BulkheadOptions) -> Bulkhead {
    Bulkhead::with("test", options, &rig.doors).unwrap()
}

fn with(priority: Priority) -> Context {
    Context { priority, ..Context::default() }
}

fn poll<F: Future<Output = Result<Place, Rejected>>>(
    entering: &mut std::pin::Pin<Box<F>>,
) -> Poll<Result<Place, Reason>> {
    entering.as_mut().poll(&mut Task::from_waker(Waker::noop())).map_err(|rejected| rejected.reason)
}

macro_rules! enter {
    ($bulkhead:expr, $priority:ident) => {
        Box::pin($bulkhead.enter(&with(Priority::$priority)))
    };
}

fn place(poll: Poll<Result<Place, Reason>>) -> Place {
    match poll {
        Poll::Ready(Ok(place)) => place,
        other => panic!("no place but {other:?}"),
    }
}

#[test]
fn so_many_go_in_so_many_wait_and_the_next_is_refused() {
    let rig = Rig::new();
    let bulkhead = bulkhead(&rig, options());
    let _one = place(poll(&mut enter!(bulkhead, Normal)));
    let two = place(poll(&mut enter!(bulkhead, Normal)));
    let (mut three, mut four) = (enter!(bulkhead, Normal), enter!(bulkhead, Normal));
    assert!(poll(&mut three).is_pending() && poll(&mut four).is_pending());
    let refused = poll(&mut enter!(bulkhead, Normal));
    assert!(matches!(refused, Poll::Ready(Err(Reason::BulkheadFull))));
    drop(two);
    assert!(poll(&mut four).is_pending(), "the third came before");
    let _three = place(poll(&mut three));
    let state = bulkhead.state();
    assert_eq!((state.calls, state.waiting, state.rejected), (2, 1, 1));
}

#[test]
fn the_more_important_goes_first() {
    let rig = Rig::new();
    let bulkhead = bulkhead(&rig, BulkheadOptions { calls_max: 1, queue_max: 3, ..options() });
    let first = place(poll(&mut enter!(bulkhead, Low)));
    let (mut low, mut normal, mut high) =
        (enter!(bulkhead, Low), enter!(bulkhead, Normal), enter!(bulkhead, High));
    assert!(
        poll(&mut low).is_pending()
            && poll(&mut normal).is_pending()
            && poll(&mut high).is_pending()
    );
    drop(first);
    assert!(poll(&mut low).is_pending() && poll(&mut normal).is_pending());
    drop(place(poll(&mut high)));
    assert!(poll(&mut low).is_pending());
    drop(place(poll(&mut normal)));
    drop(place(poll(&mut low)));
    assert_eq!((bulkhead.state().calls, bulkhead.state().waiting), (0, 0));
}

#[test]
fn a_full_queue_gives_the_last_unimportant_place_to_a_more_important_call() {
    let rig = Rig::new();
    let bulkhead = bulkhead(&rig, BulkheadOptions { calls_max: 1, ..options() });
    let _first = place(poll(&mut enter!(bulkhead, Normal)));
    let (mut low, mut normal) = (enter!(bulkhead, Low), enter!(bulkhead, Normal));
    assert!(poll(&mut low).is_pending() && poll(&mut normal).is_pending());
    let mut high = enter!(bulkhead, High);
    assert!(poll(&mut high).is_pending());
    assert!(matches!(poll(&mut low), Poll::Ready(Err(Reason::BulkheadFull))));
    let again = poll(&mut enter!(bulkhead, Normal));
    assert!(matches!(again, Poll::Ready(Err(Reason::BulkheadFull))), "no one lower is left");
}

#[test]
fn a_wait_ends_after_its_time_or_its_deadline() {
    let rig = Rig::new();
    let bulkhead = bulkhead(&rig, BulkheadOptions { calls_max: 1, ..options() });
    let _first = place(poll(&mut enter!(bulkhead, Normal)));
    let hurried =
        Context { deadline: Some(rig.doors.time.now().after(millis(300))), ..Context::default() };
    let (mut patient, mut hurried) = (enter!(bulkhead, Normal), Box::pin(bulkhead.enter(&hurried)));
    assert!(poll(&mut patient).is_pending() && poll(&mut hurried).is_pending());
    rig.wait(millis(300));
    assert!(matches!(poll(&mut hurried), Poll::Ready(Err(Reason::BulkheadWait))));
    assert!(poll(&mut patient).is_pending());
    rig.wait(millis(700));
    assert!(matches!(poll(&mut patient), Poll::Ready(Err(Reason::BulkheadWait))));
    assert_eq!(bulkhead.state().waiting, 0);
}

#[test]
fn whoever_is_dropped_in_the_queue_or_with_a_place_just_won_leaves_nothing_behind() {
    let rig = Rig::new();
    let bulkhead = bulkhead(&rig, BulkheadOptions { calls_max: 1, ..options() });
    let first = place(poll(&mut enter!(bulkhead, Normal)));
    let (mut two, mut three) = (enter!(bulkhead, Normal), enter!(bulkhead, Normal));
    assert!(poll(&mut two).is_pending() && poll(&mut three).is_pending());
    drop(first);
    drop(two);
    let third = place(poll(&mut three));
    drop(third);
    assert_eq!((bulkhead.state().calls, bulkhead.state().waiting), (0, 0));
}

#[test]
fn a_larger_bulkhead_lets_waiting_calls_in_and_a_smaller_one_waits_until_enough_have_left() {
    let rig = Rig::new();
    let bulkhead = bulkhead(&rig, BulkheadOptions { calls_max: 1, ..options() });
    let one = place(poll(&mut enter!(bulkhead, Normal)));
    let (mut two, mut three) = (enter!(bulkhead, Normal), enter!(bulkhead, Normal));
    assert!(poll(&mut two).is_pending() && poll(&mut three).is_pending());
    bulkhead.change(BulkheadOptions { calls_max: 2, ..options() }).unwrap();
    let two = place(poll(&mut two));
    assert!(poll(&mut three).is_pending());
    bulkhead.change(BulkheadOptions { calls_max: 1, ..options() }).unwrap();
    drop(one);
    assert!(poll(&mut three).is_pending(), "two was let in and one is enough");
    drop(two);
    drop(place(poll(&mut three)));
}

#[test]
fn observing_lets_all_in_at_once() {
    let rig = Rig::new();
    let bulkhead = bulkhead(&rig, BulkheadOptions { mode: Mode::Observe, ..options() });
    let places: Vec<_> = (0..5).map(|_| place(poll(&mut enter!(bulkhead, Normal)))).collect();
    assert_eq!(bulkhead.state().would_reject, 3);
    drop(places);
    assert_eq!(bulkhead.state().calls, 0);
}

#[tokio::test(start_paused = true)]
async fn a_queued_request_is_sent_by_the_service_that_was_ready_and_woken_when_there_is_room() {
    let bulkhead = Bulkhead::new("test", BulkheadOptions { calls_max: 1, ..options() }).unwrap();
    let inner = service_fn(async |request: Carried<u64>| {
        tokio::time::sleep(millis(request.request)).await;
        Ok::<_, Down>(request.request)
    });
    let mut service = ServiceBuilder::new().layer(bulkhead.layer()).layer(LiftLayer).service(inner);
    let first = service.ready().await.unwrap().call(Carried::new(500));
    let second = service.ready().await.unwrap().call(Carried::new(100));
    let third = service.ready().await.unwrap().call(Carried::new(700));
    let fourth = service.ready().await.unwrap().call(Carried::new(1));
    let began = now();
    let (mut first, mut second, mut third) = (pin!(first), pin!(second), pin!(third));
    let answers =
        async { tokio::join!(first.as_mut(), second.as_mut(), third.as_mut(), fourth) }.await;
    assert_eq!((answers.0.unwrap(), answers.1.unwrap(), answers.2.unwrap()), (500, 100, 700));
    assert_eq!(reason(answers.3), Reason::BulkheadFull);
    assert_eq!(now().since(began).as_millis() / 100, 13, "one after the other");
}
