//! The breaker around a tower service.

use super::{Breaker, Permit};
use crate::{
    Admit, AnyError, Classify, Guard, Rejectable, Rejected, classify::judge, guard::guard_layer,
};

/// Puts a breaker around services.
#[derive(Debug, Clone)]
pub struct BreakerLayer<C> {
    breaker: Breaker,
    classify: C,
}

impl BreakerLayer<AnyError> {
    pub(super) const fn new(breaker: Breaker) -> Self {
        Self { breaker, classify: AnyError }
    }
}

impl<C> BreakerLayer<C> {
    /// The same, with the caller's own view of what an outcome means.
    pub fn classify<D>(self, classify: D) -> BreakerLayer<D> {
        BreakerLayer { breaker: self.breaker, classify }
    }
}

guard_layer!(BreakerLayer<C>);

impl<R, C: Clone> Admit<R> for BreakerLayer<C> {
    type Guard = Judged<C>;

    fn admit(&self, _: &R) -> Result<Judged<C>, Rejected> {
        Ok(Judged { permit: self.breaker.acquire()?, classify: self.classify.clone() })
    }
}

/// A permit, and what the outcome will mean to it.
#[derive(Debug)]
pub struct Judged<C> {
    permit: Permit,
    classify: C,
}

impl<T, E: Rejectable, C: Classify<T, E>> Guard<T, E> for Judged<C> {
    fn done(self, outcome: &Result<T, E>) {
        self.permit.finish(judge(&self.classify, outcome));
    }
}
