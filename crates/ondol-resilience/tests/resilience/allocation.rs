//! What a call costs in allocations: none.

use allocation_counter::measure;
use ondol_resilience::{
    Breaker, BreakerOptions, Carried, Doors, Error, LiftLayer, Preset, RateLimit, RateLimitOptions,
    RateRule, SlowRule, Verdict,
};
use tower::{Service, ServiceBuilder, service_fn};

use super::breaker::plain;
use crate::rig::{Down, Rig, call, idempotent, millis};

/// Allocations of a piece of work that has been done once before.
fn allocations(mut work: impl FnMut()) -> u64 {
    work();
    measure(work).count_total
}

fn poll_once<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("the call answers at once"),
    }
}

#[test]
fn a_call_through_a_closed_breaker_allocates_nothing() {
    let full = BreakerOptions {
        failure_rate: Some(RateRule { share: 0.5, minimum_calls: 10 }),
        slow_calls: Some(SlowRule { slower_than: millis(10), share: 0.5, minimum_calls: 10 }),
        ..BreakerOptions::default()
    };
    for options in [BreakerOptions::default(), full] {
        let breaker = Breaker::new("test", options).unwrap();
        assert_eq!(allocations(|| call(&breaker, Verdict::success()).unwrap()), 0);
        let through = || poll_once(breaker.call(async || Ok::<_, Down>(())));
        assert_eq!(allocations(|| through().unwrap()), 0);
    }
}

#[test]
fn a_refusal_of_an_open_breaker_allocates_nothing() {
    let breaker = Rig::new().opened(plain());
    assert_eq!(allocations(|| drop(call(&breaker, Verdict::success()).unwrap_err())), 0);
}

#[test]
fn a_call_through_a_stack_of_six_layers_allocates_nothing() {
    let stack = Preset::Standard.stack("test", &Doors::default());
    let limit =
        RateLimitOptions { calls: 1_000_000, burst: 1_000_000, ..RateLimitOptions::default() };
    let limit = RateLimit::new("test", limit).unwrap();
    let inner = service_fn(|request: Carried<&'static str>| {
        std::future::ready(Ok::<_, Down>(request.request))
    });
    let mut service = ServiceBuilder::new()
        .layer(limit.layer())
        .layer(stack.layer())
        .layer(LiftLayer)
        .service(inner);
    let count = allocations(|| {
        let answer: Result<_, Error<Down>> = poll_once(service.call(idempotent()));
        assert_eq!(answer, Ok("request"));
    });
    assert_eq!(count, 0);
}
