//! What a route insists on before a request goes on, and what it adds to the answer.
//!
//! The order is the same for every route: from where → who asks → whether he may → how much → whether
//! the request makes sense. What is only observed is decided and noted like the rest, and passes.

mod from;

use http::HeaderMap;
use ondol_auth::Proofs;
use ondol_resilience::Mode;

use crate::config::RouteOptions;
use crate::gateway::{Core, Exchange, Record};
use crate::problem::Problem;
use crate::who::{Auth, Authorizer, NotMade, Registry};

use from::From;

/// The policies of a route.
pub(crate) struct Policies {
    from: Option<From>,
    auth: Option<Auth>,
    authorizer: Option<Authorizer>,
}

/// What policies are made of besides their options.
pub(crate) struct Within<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) proofs: &'a Proofs,
}

/// A request that may go on, and what its answer is told because of that.
#[derive(Debug, Default)]
pub(crate) struct Admitted {}

impl Policies {
    /// Those of a route; none, if it insists on nothing.
    ///
    /// # Errors
    /// One of them cannot be made.
    pub(crate) fn new(
        options: &RouteOptions,
        within: &Within<'_>,
    ) -> Result<Option<Box<Self>>, NotMade> {
        let from = options.from.as_ref().and_then(From::new);
        let auth = match &options.auth {
            Some(auth) => Auth::new(auth, within.registry, within.proofs)?,
            None => None,
        };
        let authorizer = match &options.authorize {
            Some(authorize) => Authorizer::new(authorize)?,
            None => None,
        };
        let any = from.is_some() || auth.is_some() || authorizer.is_some();
        Ok(any.then(|| Box::new(Self { from, auth, authorizer })))
    }

    /// Whether they are made of this still.
    pub(crate) fn fit(&self, within: &Within<'_>) -> bool {
        self.auth.as_ref().is_none_or(|auth| auth.is_of(within.registry))
    }

    /// Lets a request in, or says why not.
    pub(crate) async fn admit(
        &self,
        core: &Core,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<Admitted, Problem> {
        if let Some(from) = &self.from {
            judge(core, record, from.mode, from.admit(exchange.client))?;
        }
        if let Some(auth) = &self.auth {
            let judgement = auth.admit(core, exchange, record).await;
            judge(core, record, auth.mode, judgement)?;
        }
        if let Some(authorizer) = &self.authorizer {
            let judgement = authorizer.admit(core, exchange).await;
            judge(core, record, authorizer.mode, judgement)?;
        }
        Ok(Admitted::default())
    }
}

impl Admitted {
    /// Adds what the answer has to say.
    pub(crate) fn tell(&self, _headers: &mut HeaderMap) {}
}

/// What becomes of a policy's judgement: carried out, or only noted.
fn judge<T: Default>(
    core: &Core,
    record: &mut Record,
    mode: Mode,
    judgement: Result<T, Problem>,
) -> Result<T, Problem> {
    match (judgement, mode) {
        (Err(problem), Mode::Observe) => {
            core.meters.observed(problem.code());
            record.observed(&problem);
            Ok(T::default())
        }
        (judgement, _) => judgement,
    }
}
