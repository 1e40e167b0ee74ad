//! Who asks, and that he is answered once.
//!
//! Who somebody is has to be known before his key is looked at: two buyers may use the same one. So
//! the token is verified outside, and what is keyed stands within.

use std::sync::Arc;

use async_trait::async_trait;
use axum::middleware::from_fn_with_state;
use ondol::OpenApiRouter;
use ondol_auth::{
    Caller, FetchError, Guard, KeyRing, KeyRingOptions, KeySource, ProofOptions, Proofs,
    Revocations, RoleName, Verifier, VerifierOptions, verify_caller,
};
use ondol_http::{Idempotency, IdempotencyOptions, keyed_once};
use ondol_runtime::Running;
use shop_domain::BuyerId;

use crate::options::AccessOptions;
use crate::remote::Remote;

/// The role of those who run the shop.
#[derive(Debug)]
pub(crate) enum Ops {}

impl RoleName for Ops {
    const NAME: &'static str = "ops";
}

/// Who buys: whoever the token speaks of.
pub(crate) fn buyer(caller: &Caller) -> BuyerId {
    caller.subject.parse().unwrap_or_else(|_no_id| BuyerId::named(&caller.subject))
}

/// Routes that know who asks, and answer each key once.
pub(crate) fn guarded(
    routes: OpenApiRouter,
    running: &Running,
    options: &AccessOptions,
) -> OpenApiRouter {
    let clock = Arc::clone(&running.home().ground.clock);
    let source = Published { remote: Remote::new(), url: options.jwks.clone() };
    let ring = KeyRing::new(Arc::new(source), Arc::clone(&clock), KeyRingOptions::default());
    let wanted = VerifierOptions::new(&options.issuer, &options.audience);
    let verifier = Verifier::new(wanted, ring, Revocations::default(), Arc::clone(&clock));
    let proofs = Proofs::new(ProofOptions::default(), Arc::clone(&clock));
    let guard = Guard { verifier, proofs, origin: options.origin.as_str().into() };
    let book = Idempotency::new(IdempotencyOptions::default(), clock);
    routes
        .layer(from_fn_with_state(book, keyed_once))
        .layer(from_fn_with_state(guard, verify_caller))
}

/// Keys as the issuer publishes them.
#[derive(Debug)]
struct Published {
    remote: Remote,
    url: String,
}

#[async_trait]
impl KeySource for Published {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        let fetched = self.remote.get(&self.url).await;
        let (status, body) = fetched.map_err(|error| FetchError(error.into()))?;
        if !status.is_success() {
            return Err(FetchError(format!("the issuer answers {status}").into()));
        }
        Ok(body.to_vec())
    }
}
