//! The breaker as a tower layer and around a function.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use ondol_resilience::{Error, HttpStatus, LiftLayer, Reason};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use super::{open_for, plain};
use crate::rig::{Rig, secs};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the disk is on fire")]
struct OnFire;

#[tokio::test]
async fn a_services_own_error_arrives_as_it_was() {
    let breaker = Rig::new().breaker(plain());
    let inner = service_fn(async |_: ()| Err::<(), _>(OnFire));
    let mut service = ServiceBuilder::new().layer(breaker.layer()).layer(LiftLayer).service(inner);
    for _ in 0..3 {
        let error = service.ready().await.unwrap().call(()).await.unwrap_err();
        assert_eq!(error, Error::Inner(OnFire));
    }
    let error = service.ready().await.unwrap().call(()).await.unwrap_err();
    let Error::Rejected(rejected) = error else { panic!("the breaker is open") };
    assert_eq!(rejected.to_string(), "breaker `test` is open; worth asking again in 10s");
}

#[tokio::test]
async fn an_http_answer_is_classified_by_its_status() {
    let rig = Rig::new();
    let breaker = rig.breaker(plain());
    let inner = service_fn(async |_: Request<()>| {
        let answer = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE);
        Ok::<_, Infallible>(answer.header(RETRY_AFTER, "120").body(()).unwrap())
    });
    let service = ServiceBuilder::new()
        .layer(breaker.layer().classify(HttpStatus))
        .layer(LiftLayer)
        .service(inner);
    for _ in 0..3 {
        assert_eq!(service.clone().oneshot(Request::new(())).await.unwrap().status(), 503);
    }
    assert_eq!(open_for(&breaker), secs(120));
}

#[tokio::test]
async fn any_function_can_be_called_through_it() {
    let breaker = Rig::new().breaker(plain());
    assert_eq!(breaker.call(async || Ok::<_, OnFire>(7)).await, Ok(7));
    for _ in 0..3 {
        let outcome = breaker.call(async || Err::<(), _>(OnFire)).await;
        assert_eq!(outcome, Err(Error::Inner(OnFire)));
    }
    let refused = breaker.call(async || Ok::<_, OnFire>(7)).await.unwrap_err();
    assert!(matches!(refused, Error::Rejected(rejected) if rejected.reason == Reason::CircuitOpen));
}

#[tokio::test]
async fn a_refused_call_never_reaches_the_service() {
    let rig = Rig::new();
    let breaker = rig.opened(plain());
    let inner = service_fn(|_: ()| -> std::future::Ready<Result<(), OnFire>> {
        panic!("the service was called")
    });
    let service = ServiceBuilder::new().layer(breaker.layer()).layer(LiftLayer).service(inner);
    service.oneshot(()).await.unwrap_err();
}

/// Never ready.
#[derive(Clone)]
struct Busy;

impl Service<()> for Busy {
    type Response = ();
    type Error = Error<OnFire>;
    type Future = std::future::Ready<Result<(), Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Pending
    }

    fn call(&mut self, (): ()) -> Self::Future {
        panic!("called without being ready")
    }
}

#[tokio::test]
async fn the_readiness_of_the_service_inside_is_its_own() {
    let breaker = Rig::new().breaker(plain());
    let mut service = ServiceBuilder::new().layer(breaker.layer()).service(Busy);
    let ready = tokio::time::timeout(secs(0), service.ready()).await;
    assert!(ready.is_err(), "a service that is not ready is not made so");
}
