//! What is kept of work that is told of, and how it hangs together.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ondol_doors::{ManualClock, SeededRng};
use ondol_kernel::{CorrelationId, Timestamp, TraceParent};
use tracing::Instrument as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, Registry};

use crate::{
    For, Keep, Kind, Known, Over, Piece, Recorder, SPANS_MAX, Sampling, WHOLE_SHARE, Watched, Why,
    answered, begins_whole, command, context, delivery, is_recorded, over, saga_step, server,
};

/// Keeps what it is given.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<Piece>>);

impl Keep for Kept {
    fn keep(&self, piece: Piece) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
    }
}

/// What is kept of what is done while a recorder listens.
fn kept(share: u32, work: impl FnOnce(&ManualClock)) -> Vec<Piece> {
    let (clock, kept) = (Arc::new(ManualClock::at(Timestamp::EPOCH)), Arc::new(Kept::default()));
    let sampling = Sampling { share, slow: Duration::from_secs(1) };
    let rng = SeededRng::new(7);
    let recorder = Recorder::new(clock.clone(), &rng, sampling, kept.clone());
    let recorder = recorder.with_filter(filter_fn(is_recorded));
    tracing::subscriber::with_default(Registry::default().with(recorder), || work(&clock));
    std::mem::take(&mut *kept.0.lock().unwrap_or_else(PoisonError::into_inner))
}

fn watched(trace: Option<TraceParent>) -> Watched {
    Watched::begin(trace, None, |origin| command("account", "1", origin))
}

fn end(watched: Watched, code: Option<&str>) {
    watched.end(code, |origin| command("account", "1", origin));
}

const FROM_OUTSIDE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;

fn from_outside(flags: u8) -> TraceParent {
    TraceParent::new(FROM_OUTSIDE, 0xb7ad, flags).expect("neither is zero")
}

#[test]
fn whoever_waits_is_the_parent_and_the_trace_is_that_which_came_in() {
    let kept = kept(0, |_clock| {
        let request = server("POST", Some("/accounts/{id}"), Some(from_outside(1)));
        request.in_scope(|| {
            let asked = watched(context(&request));
            let inside = asked.context().expect("it is listened to");
            assert_eq!(inside.trace_id(), FROM_OUTSIDE);
            end(asked, None);
        });
        answered(&request, 200);
    });
    let [piece] = &kept[..] else { unreachable!("one piece of work: {kept:?}") };
    let [request, command] = &piece.spans[..] else { unreachable!("two spans: {piece:?}") };
    assert_eq!((request.name, command.name), ("request", "command"));
    assert_eq!((request.parent, request.link), (Some(0xb7ad), None));
    assert_eq!(command.parent, Some(request.context.parent_id()));
    assert_eq!(command.context.trace_id(), FROM_OUTSIDE);
    assert_eq!(piece.why, Why::Chosen);
}

#[test]
fn what_is_read_later_is_of_the_same_trace_and_linked_to_what_it_follows() {
    let correlation = CorrelationId::from_u128(5);
    let kept = kept(0, |_clock| {
        let origin = crate::Origin {
            trace: Some(from_outside(1)),
            correlation: Some(correlation),
            ..crate::Origin::default()
        };
        let around = server("GET", None, None);
        // Whatever span it happens to be read in.
        around.in_scope(|| drop(delivery(("shop.orders", "order.placed", 3), origin)));
        drop(saga_step(("purchase", "reserve", "ask"), origin));
    });
    assert_eq!(kept.len(), 2, "{kept:?}");
    for piece in &kept {
        let [span] = &piece.spans[..] else { unreachable!("one span: {piece:?}") };
        assert_eq!(span.context.trace_id(), FROM_OUTSIDE);
        assert_eq!((span.parent, span.link), (None, Some(from_outside(1))));
        assert_eq!(span.correlation, Some(correlation));
    }
}

#[test]
fn of_what_is_neither_wrong_nor_slow_a_share_is_kept_and_written_down_whole() {
    let all = kept(WHOLE_SHARE, |_clock| (0..100).for_each(|_| end(watched(None), None)));
    assert_eq!(all.len(), 100);
    let none = kept(0, |_clock| (0..100).for_each(|_| end(watched(None), None)));
    assert_eq!(none.len(), 0);
    let some = kept(WHOLE_SHARE / 10, |_clock| (0..10_000).for_each(|_| end(watched(None), None)));
    assert!((800..1_200).contains(&some.len()), "{}", some.len());
    assert!(some.iter().all(|piece| piece.why == Why::Chosen));
}

#[test]
fn what_came_in_not_chosen_is_not_chosen_here_and_goes_out_as_it_came() {
    let kept = kept(WHOLE_SHARE, |_clock| {
        let asked = watched(Some(from_outside(0)));
        assert!(asked.span().is_none());
        assert_eq!(asked.context(), Some(from_outside(0)));
        end(asked, None);
    });
    assert_eq!(kept.len(), 0);
}

#[test]
fn what_fails_is_kept_though_nobody_chose_it() {
    let kept = kept(0, |_clock| {
        end(watched(None), Some("append-busy"));
        end(watched(Some(from_outside(0))), Some("append-busy"));
        let request = server("GET", None, None);
        request.in_scope(|| tracing::error!(code = 7, "it is broken"));
        drop(request);
        answered(&server("GET", None, None), 503);
        answered(&server("GET", None, None), 404);
        server("GET", None, None).in_scope(|| tracing::warn!("it is odd"));
    });
    assert_eq!(kept.len(), 4, "{kept:?}");
    assert!(kept.iter().all(|piece| piece.why == Why::Failed && piece.spans[0].has_failed));
    assert_eq!(kept[1].spans[0].context.trace_id(), FROM_OUTSIDE);
    assert_eq!(kept[2].spans[0].told[0].message, "it is broken code=7");
}

#[test]
fn what_is_slow_is_kept_with_what_it_waited_for() {
    let kept = kept(0, |clock| {
        let asked = watched(None);
        let slow = async {
            asked.wait(For::Turn, async { clock.advance(Duration::from_millis(900)) }).await;
            asked.wait(For::Log, async { clock.advance(Duration::from_millis(200)) }).await;
            asked.wait(For::Log, async { clock.advance(Duration::from_millis(100)) }).await;
        };
        tokio_block(slow);
        end(asked, None);
    });
    let [piece] = &kept[..] else { unreachable!("one piece of work: {kept:?}") };
    let span = &piece.spans[0];
    assert_eq!((piece.why, span.long), (Why::Slow, Duration::from_millis(1200)));
    let waits: Vec<_> = span.waits.iter().map(|one| (one.what, one.long.as_millis())).collect();
    assert_eq!(waits, [("turn", 900), ("log", 300)]);
}

#[test]
fn a_request_that_is_slow_says_what_the_command_in_it_waited_for() {
    let kept = kept(0, |clock| {
        let request = server("GET", None, None);
        let work = async {
            let asked = watched(context(&tracing::Span::current()));
            asked.wait(For::Log, async { clock.advance(Duration::from_secs(2)) }).await;
            end(asked, None);
        };
        tokio_block(work.instrument(request));
    });
    let [piece] = &kept[..] else { unreachable!("one piece of work: {kept:?}") };
    let [request, command] = &piece.spans[..] else { unreachable!("two spans: {piece:?}") };
    assert_eq!(command.waits[0].what, "log");
    assert_eq!(command.parent, Some(request.context.parent_id()));
    assert_eq!(command.long, Duration::from_secs(2));
}

#[test]
fn nothing_grows_without_bound_however_much_one_piece_of_work_does() {
    let kept = kept(0, |_clock| {
        let request = server("GET", None, Some(from_outside(1)));
        request.in_scope(|| {
            for _ in 0..SPANS_MAX + 10 {
                end(watched(context(&request)), None);
                tracing::warn!("{}", "x".repeat(10_000));
            }
        });
    });
    let [piece] = &kept[..] else { unreachable!("one piece of work") };
    assert_eq!((piece.spans.len(), piece.left_out), (SPANS_MAX + 1, 10));
    assert_eq!(piece.spans[0].told.len(), crate::TOLD_MAX);
    assert!(piece.spans[0].told[0].message.len() <= crate::TEXT_BYTES_MAX);
}

#[test]
fn where_nobody_listens_nothing_is_drawn_and_what_came_in_goes_out() {
    let asked = watched(Some(from_outside(1)));
    assert!(asked.span().is_none());
    assert_eq!(asked.context(), Some(from_outside(1)));
    end(asked, Some("anything"));
    assert_eq!(context(&server("GET", None, None)), None);
}

/// Runs what never waits for anything outside.
fn tokio_block<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Work that is over.
fn done(flags: u8, long: Duration, has_failed: bool) -> Over {
    let context = from_outside(flags);
    let kind = Kind::Server;
    Over { name: "work", kind, context, parent: Some(7), ago: long, long, has_failed }
}

#[test]
fn of_work_that_is_over_only_that_is_asked_for_which_is_kept() {
    let kept = kept(0, |clock| {
        clock.advance(Duration::from_secs(10));
        let quick = Duration::from_millis(3);
        over(done(0, quick, false), || unreachable!("nobody keeps it"));
        over(done(1, quick, false), Known::default);
        over(done(0, quick, true), Known::default);
        over(done(0, Duration::from_secs(2), false), Known::default);
    });
    let whys: Vec<_> = kept.iter().map(|piece| piece.why).collect();
    assert_eq!(whys, [Why::Chosen, Why::Failed, Why::Slow]);
    let slow = &kept[2].spans[0];
    assert_eq!((slow.context, slow.parent), (from_outside(0), Some(7)));
    let begun = Timestamp::EPOCH.checked_add(Duration::from_secs(8));
    assert_eq!(Some(slow.begun), begun, "it is told of at its end");
}

#[test]
fn whoever_listens_chooses_which_traces_begin_whole() {
    assert_eq!(begins_whole(), None, "nobody listens");
    let mut chosen = Vec::new();
    kept(0, |_clock| chosen.push(begins_whole()));
    kept(WHOLE_SHARE, |_clock| chosen.push(begins_whole()));
    assert_eq!(chosen, [Some(false), Some(true)]);
}
