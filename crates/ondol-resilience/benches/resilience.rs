//! What the policies cost per call, on one thread, when nothing is wrong and when something is.
//!
//! Every case is compared with the bare call in the same run. Beside the time stands the number of
//! allocations per call, counted apart from the time.

use std::{
    convert::Infallible,
    error::Error,
    future::{Future, Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use allocation_counter::measure;
use ondol_bench::{Bench, Measured, Stopwatch};
use ondol_resilience::{
    AnyError, Balancer, BalancerOptions, Breaker, BreakerOptions, Bulkhead, BulkheadOptions,
    Carried, Doors, Endpoint, LiftLayer, Preset, Problems, RateLimit, RateLimitOptions, RateRule,
    Retry, RetryOptions, SlowRule, Timeout, TimeoutOptions, Verdict,
};
use tower::{Service, ServiceBuilder, service_fn};

/// Nanoseconds and allocations per call of some work, after a tenth as many to warm up.
fn each(calls: u32, mut work: impl FnMut()) -> Measured {
    for _ in 0..calls / 10 {
        work();
    }
    let allocations = measure(&mut work).count_total;
    let watch = Stopwatch::start();
    for _ in 0..calls {
        work();
    }
    let per_call = watch.elapsed().as_secs_f64() * 1e9 / f64::from(calls);
    #[expect(clippy::cast_precision_loss, reason = "a handful of allocations")]
    let allocations = allocations as f64;
    Measured::new(per_call).also("allocations", "per call", allocations)
}

#[expect(clippy::needless_pass_by_value, reason = "a tower service takes its request")]
fn answer(request: Carried<u64>) -> Ready<Result<u64, Infallible>> {
    ready(Ok(std::hint::black_box(request.request)))
}

/// A call that answers at once.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the inner service answers at once"),
    }
}

fn calls<S, E>(calls: u32, mut service: S) -> Measured
where
    S: Service<Carried<u64>, Error = E>,
{
    let mut cx = Context::from_waker(Waker::noop());
    each(calls, move || {
        assert!(service.poll_ready(&mut cx).is_ready());
        assert!(now(service.call(Carried::new(7))).is_ok());
    })
}

fn by_row() -> BreakerOptions {
    BreakerOptions::default()
}

fn by_rate() -> BreakerOptions {
    let failure_rate = Some(RateRule { share: 0.5, minimum_calls: 20 });
    BreakerOptions { failure_rate, ..by_row() }
}

fn by_all() -> BreakerOptions {
    let slower_than = Duration::from_secs(1);
    let slow_calls = Some(SlowRule { slower_than, share: 0.5, minimum_calls: 20 });
    BreakerOptions { slow_calls, ..by_rate() }
}

fn open() -> Result<Breaker, Problems> {
    let breaker = Breaker::new("bench", by_row())?;
    while let Ok(permit) = breaker.acquire() {
        permit.finish(Verdict::failure());
    }
    Ok(breaker)
}

fn wide_limit() -> RateLimitOptions {
    RateLimitOptions { calls: 1_000_000_000, burst: 1_000_000_000, ..RateLimitOptions::default() }
}

fn breakers(bench: &mut Bench<'_>, many: u32) -> Result<(), Problems> {
    for (name, options) in
        [("closed breaker", by_row()), ("by rate", by_rate()), ("by rate and slowness", by_all())]
    {
        let breaker = Breaker::new("bench", options)?;
        bench.case(name).unit("ns").measure(move || {
            each(many, || {
                if let Ok(permit) = std::hint::black_box(&breaker).acquire() {
                    permit.finish(Verdict::success());
                }
            })
        });
    }
    let breaker = open()?;
    bench
        .case("open rejection")
        .unit("ns")
        .measure(move || each(many, || assert!(std::hint::black_box(&breaker).acquire().is_err())));
    Ok(())
}

fn layers(bench: &mut Bench<'_>, many: u32) -> Result<(), Problems> {
    bench.case("bare call").unit("ns").measure(move || calls(many, service_fn(answer)));
    let breaker = Breaker::new("bench", by_row())?;
    bench.case("breaker layer").unit("ns").against("bare call").measure(move || {
        let layers = ServiceBuilder::new().layer(breaker.layer()).layer(LiftLayer);
        calls(many, layers.service(service_fn(answer)))
    });
    // Each policy as it is by default; and with the breaker that also measures a rate.
    for (name, options) in [("five layers", by_row()), ("five layers by rate", by_rate())] {
        let (timeout, retry) = (
            Timeout::new("bench", TimeoutOptions::default())?,
            Retry::new("bench", RetryOptions::default())?,
        );
        let (breaker, bulkhead, limit) = (
            Breaker::new("bench", options)?,
            Bulkhead::new("bench", BulkheadOptions::default())?,
            RateLimit::new("bench", wide_limit())?,
        );
        bench.case(name).unit("ns").against("bare call").measure(move || {
            let layers = ServiceBuilder::new()
                .layer(timeout.layer())
                .layer(retry.layer())
                .layer(breaker.layer())
                .layer(bulkhead.layer())
                .layer(limit.layer())
                .layer(LiftLayer);
            calls(many, layers.service(service_fn(answer)))
        });
    }
    let stack = Preset::Standard.stack("bench", &Doors::default());
    bench.case("standard preset").unit("ns").against("bare call").measure(move || {
        let layers = ServiceBuilder::new().layer(stack.layer_with(AnyError)).layer(LiftLayer);
        calls(many, layers.service(service_fn(answer)))
    });
    let endpoints = (0..10).map(|index| Endpoint::named(format!("endpoint-{index}"))).collect();
    let balancer =
        Balancer::new("bench", BalancerOptions { endpoints, ..BalancerOptions::default() })?;
    bench.case("balancer of ten").unit("ns").against("bare call").measure(move || {
        let make =
            |_: &Endpoint| ServiceBuilder::new().layer(LiftLayer).service(service_fn(answer));
        calls(many, balancer.service(make))
    });
    let limit = RateLimit::new("bench", wide_limit())?;
    bench.case("rate limit by key").unit("ns").measure(move || {
        let mut key = 0_u64;
        each(many, || {
            key = (key + 1) % 1_000;
            assert!(limit.check(&key).is_ok());
        })
    });
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut bench = Bench::from_args("resilience")?;
    bench.setting("sync", "none");
    bench.setting("payload", "a number; the service inside answers at once");
    bench.setting("concurrency", "one thread");
    let many = u32::try_from(bench.size(2_000_000, 20_000))?;
    breakers(&mut bench, many)?;
    layers(&mut bench, many)?;
    bench.run()?;
    Ok(())
}
