//! The balancer as a tower service over one service for each endpoint.

use std::{
    collections::HashMap,
    future::Future,
    hash::{DefaultHasher, Hash, Hasher},
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll, ready},
};

use tower::Service;

use super::{Balancer, Endpoint, Pick};
use crate::{AnyError, Carries, Classify, Rejectable, Rejected, classify::judge};

/// Sends each call to one of the endpoints, through a service made for each when it is first chosen.
///
/// It is always ready: which endpoint must be ready is only known with the request, and is waited
/// for in the answer.
#[derive(Debug, Clone)]
pub struct BalancedService<S, M, C, K> {
    balancer: Balancer,
    services: Arc<RwLock<HashMap<u64, S>>>,
    make: M,
    classify: C,
    key: K,
}

/// Requests have no key: for strategies that do not hash.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKey;

/// Requests have the key that a function finds in them.
#[derive(Debug, Clone, Copy)]
pub struct KeyOf<K>(K);

/// What finds the hash of a request's key.
pub trait HashKey<R> {
    /// The hash.
    fn hash_of(&self, request: &R) -> u64;
}

impl<R> HashKey<R> for NoKey {
    fn hash_of(&self, _: &R) -> u64 {
        0
    }
}

impl<R, H: Hash, K: Fn(&R) -> H> HashKey<R> for KeyOf<K> {
    fn hash_of(&self, request: &R) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.0)(request).hash(&mut hasher);
        hasher.finish()
    }
}

impl Balancer {
    /// The balancer as a service; `make` makes the service of an endpoint.
    pub fn service<S, M>(&self, make: M) -> BalancedService<S, M, AnyError, NoKey>
    where
        M: Fn(&Endpoint) -> S,
    {
        BalancedService {
            balancer: self.clone(),
            services: Arc::default(),
            make,
            classify: AnyError,
            key: NoKey,
        }
    }
}

impl<S, M, C, K> BalancedService<S, M, C, K> {
    /// The same, with the caller's own view of what an outcome means.
    pub fn classify<D>(self, classify: D) -> BalancedService<S, M, D, K> {
        let Self { balancer, services, make, key, .. } = self;
        BalancedService { balancer, services, make, classify, key }
    }

    /// The same, with a key for each request, for the hashing strategy.
    pub fn by<L>(self, key: L) -> BalancedService<S, M, C, KeyOf<L>> {
        let Self { balancer, services, make, classify, .. } = self;
        BalancedService { balancer, services, make, classify, key: KeyOf(key) }
    }

    /// The service of an endpoint, made if there is none yet. Services of endpoints that are gone
    /// are let go when a new one is made.
    fn service_of(&self, pick: &Pick) -> S
    where
        S: Clone,
        M: Fn(&Endpoint) -> S,
    {
        let known = self.services.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(service) = known.get(&pick.hash()) {
            return service.clone();
        }
        drop(known);
        let mut services = self.services.write().unwrap_or_else(PoisonError::into_inner);
        let members = self.balancer.0.members.load();
        services.retain(|hash, _| members.list.iter().any(|member| member.hash == *hash));
        services.entry(pick.hash()).or_insert_with(|| (self.make)(pick.endpoint())).clone()
    }
}

impl<S, M, C, K, R> Service<R> for BalancedService<S, M, C, K>
where
    S: Service<R> + Clone,
    S::Error: Rejectable,
    M: Fn(&Endpoint) -> S,
    C: Classify<S::Response, S::Error> + Clone,
    K: HashKey<R>,
    R: Carries,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BalancedCall<S, R, C, S::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        let key = self.key.hash_of(&request);
        let state = match self.balancer.pick(&request.context(), key) {
            Ok(pick) => State::GettingReady {
                waiting: Some((self.service_of(&pick), request)),
                pick: Some(pick),
            },
            Err(rejected) => State::Rejected { rejected: Some(rejected) },
        };
        BalancedCall { state, classify: self.classify.clone() }
    }
}

pin_project_lite::pin_project! {
    /// A call on its way to an endpoint.
    pub struct BalancedCall<S, R, C, F> {
        #[pin]
        state: State<S, R, F>,
        classify: C,
    }
}

pin_project_lite::pin_project! {
    #[project = StateProjection]
    enum State<S, R, F> {
        GettingReady { waiting: Option<(S, R)>, pick: Option<Pick> },
        Calling { #[pin] call: F, pick: Option<Pick> },
        Rejected { rejected: Option<Rejected> },
    }
}

impl<S, R, C> Future for BalancedCall<S, R, C, S::Future>
where
    S: Service<R>,
    S::Error: Rejectable,
    C: Classify<S::Response, S::Error>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let (outcome, pick) = match this.state.as_mut().project() {
                StateProjection::GettingReady { waiting, pick } => {
                    let (service, _) =
                        waiting.as_mut().expect("a finished future is not polled again");
                    match ready!(service.poll_ready(cx)) {
                        Err(error) => (Err(error), pick.take()),
                        Ok(()) => {
                            let pick = pick.take();
                            let (mut service, request) =
                                waiting.take().expect("it was there a line ago");
                            this.state.set(State::Calling { call: service.call(request), pick });
                            continue;
                        }
                    }
                }
                StateProjection::Calling { call, pick } => (ready!(call.poll(cx)), pick.take()),
                StateProjection::Rejected { rejected } => {
                    let rejected = rejected.take().expect("a finished future is not polled again");
                    return Poll::Ready(Err(rejected.into()));
                }
            };
            if let Some(pick) = pick {
                pick.finish(judge(this.classify, &outcome));
            }
            return Poll::Ready(outcome);
        }
    }
}

impl<S, R, C, F> std::fmt::Debug for BalancedCall<S, R, C, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BalancedCall")
    }
}
