//! Fallbacks.

use ondol_resilience::{Error, Fallback, FallbackOptions, LiftLayer, Upon};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use super::breaker::plain;
use crate::rig::{Answer, Down, Rig, millis};

fn options(upon: Upon, calls_max: u32) -> FallbackOptions {
    FallbackOptions { upon, calls_max, ..FallbackOptions::default() }
}

#[tokio::test]
async fn an_error_is_answered_by_the_second_best() {
    let fallback = Fallback::new("test", options(Upon::AnyError, 10)).unwrap();
    let inner = service_fn(async |_: u32| Err::<&str, _>(Down));
    let cached = |request: u32, error: Error<Down>| async move {
        assert_eq!((request, error), (7, Error::Inner(Down)));
        Ok::<_, Error<Down>>("from the cache")
    };
    let layers = ServiceBuilder::new().layer(fallback.layer(cached)).layer(LiftLayer);
    assert_eq!(layers.service(inner).oneshot(7).await, Ok("from the cache"));
}

#[tokio::test]
async fn a_services_own_error_is_passed_on_if_only_rejections_are_meant() {
    let fallback = Fallback::new("test", options(Upon::Rejection, 10)).unwrap();
    let breaker = Rig::new().opened(plain());
    let own = fallback.call(async || Err(Error::Inner(Down)), async |_| Ok(1)).await;
    assert_eq!(own, Err(Error::Inner(Down)));
    let open =
        fallback.call(async || breaker.call(async || Ok::<_, Down>(0)).await, async |_| Ok(1));
    assert_eq!(open.await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn it_has_a_limit_of_its_own_above_which_the_first_error_is_the_answer() {
    let fallback = Fallback::new("test", options(Upon::AnyError, 2)).unwrap();
    let inner = service_fn(async |_: u32| Err::<u32, _>(Down));
    let slow = |request: u32, _: Error<Down>| async move {
        tokio::time::sleep(millis(100)).await;
        Ok::<_, Error<Down>>(request)
    };
    let mut service =
        ServiceBuilder::new().layer(fallback.layer(slow)).layer(LiftLayer).service(inner);
    let calls: Vec<_> = (0..3).map(|request| service.call(request)).collect();
    let mut answers: Vec<Answer<u32>> = Vec::new();
    let [one, two, three] = calls.try_into().unwrap_or_else(|_| panic!("three calls"));
    let joined: (Answer<u32>, Answer<u32>, Answer<u32>) = tokio::join!(one, two, three);
    answers.extend([joined.0, joined.1, joined.2]);
    assert_eq!(answers, [Ok(0), Ok(1), Err(Error::Inner(Down))]);
    assert_eq!((fallback.state().full, fallback.state().calls), (1, 0));
}
