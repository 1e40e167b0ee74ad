//! What travels with a request through the layers: its deadline, its priority, which attempt it is
//! and where earlier attempts went.
//!
//! In an `http::Request` it lives in the extensions; other requests are wrapped in [`Carried`]. It
//! is not a task-local, so it survives a queue, a spawned task and a retry.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};

use crate::{Safety, Tick, random::mix};

/// How much a call matters when not all can be served.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Goes first when something must go: background work, prefetching.
    Low,
    /// The ordinary call.
    #[default]
    Normal,
    /// Goes last: payment, sign-in, health.
    High,
}

/// What a request carries along.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// When the caller stops waiting.
    pub deadline: Option<Tick>,
    /// How much it matters.
    pub priority: Priority,
    /// 0 for the first attempt.
    pub attempt: u32,
    /// Where earlier attempts went, if someone keeps track.
    pub tried: Option<Tried>,
}

/// The endpoints that earlier attempts of one request went to.
///
/// 64 bits, an endpoint being one of them by its name's hash: two endpoints that share a bit are
/// avoided together, which costs a little choice and never correctness.
#[derive(Debug, Clone, Default)]
pub struct Tried(Arc<AtomicU64>);

impl Tried {
    /// Notes that an attempt goes to the endpoint with this hash.
    pub fn note(&self, endpoint: u64) {
        self.0.fetch_or(bit(endpoint), Ordering::Relaxed);
    }

    /// Whether an attempt may have gone to the endpoint with this hash.
    pub fn has(&self, endpoint: u64) -> bool {
        self.0.load(Ordering::Relaxed) & bit(endpoint) != 0
    }

    /// Forgets everything; true if no one else holds it, so that it can serve another request.
    pub(crate) fn renew(&mut self) -> bool {
        match Arc::get_mut(&mut self.0) {
            Some(bits) => {
                *bits.get_mut() = 0;
                true
            }
            None => false,
        }
    }
}

const fn bit(endpoint: u64) -> u64 {
    1 << (mix(endpoint) >> 58)
}

/// A request that carries a [`Context`].
pub trait Carries {
    /// What it carries.
    fn context(&self) -> Context;
    /// Replaces what it carries.
    fn set_context(&mut self, context: Context);
    /// Takes what it carries out of it.
    fn take_context(&mut self) -> Context {
        self.context()
    }
}

impl<B> Carries for http::Request<B> {
    fn context(&self) -> Context {
        self.extensions().get::<Context>().cloned().unwrap_or_default()
    }

    fn set_context(&mut self, context: Context) {
        self.extensions_mut().insert(context);
    }

    fn take_context(&mut self) -> Context {
        self.extensions_mut().remove().unwrap_or_default()
    }
}

/// Any request, with a context beside it.
#[derive(Debug, Clone, Default)]
pub struct Carried<T> {
    /// What travels along.
    pub context: Context,
    /// Whether it may be sent twice.
    pub safety: Safety,
    /// The request itself.
    pub request: T,
}

impl<T> Carried<T> {
    /// A request that carries nothing yet.
    pub fn new(request: T) -> Self {
        Self { context: Context::default(), safety: Safety::Once, request }
    }
}

impl<T> Carries for Carried<T> {
    fn context(&self) -> Context {
        self.context.clone()
    }

    fn set_context(&mut self, context: Context) {
        self.context = context;
    }

    fn take_context(&mut self) -> Context {
        std::mem::take(&mut self.context)
    }
}
