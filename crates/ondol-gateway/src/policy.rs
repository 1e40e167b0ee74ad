//! What a route insists on before a request goes on, and what it adds to the answer.
//!
//! The order is the same for every route: from where → who asks → whether he may → how much → whether
//! the request makes sense. What is only observed is decided and noted like the rest, and passes.

mod concurrency;
mod from;
mod known;
mod rate;

use http::HeaderMap;
use ondol_auth::Proofs;
use ondol_resilience::Mode;

use crate::config::{Config, RouteOptions};
use crate::gateway::{Core, Exchange, Record};
use crate::problem::Problem;
use crate::who::{Auth, Authorizer, NotMade, Registry};

pub(crate) use concurrency::UnderWay;
use concurrency::{Concurrency, Tally};
use from::From;
use known::Known;
use rate::{Asker, Ledger, Rates};
pub(crate) use rate::{AtOnce, Fields, Limit, seconds};
pub(crate) use rate::{Link, Links, Place, serve};

/// The policies of a route.
pub(crate) struct Policies {
    from: Option<From>,
    auth: Option<Auth>,
    authorizer: Option<Authorizer>,
    rates: Option<Rates>,
    concurrency: Option<Concurrency>,
}

/// What policies have counted, which outlives configurations.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    ledgers: Known<Ledger>,
    tallies: Known<Tally>,
}

/// What policies are made of, apart from their options.
#[derive(Clone, Copy)]
pub(crate) struct Works<'a> {
    pub(crate) config: &'a Config,
    pub(crate) registry: &'a Registry,
    pub(crate) proofs: &'a Proofs,
    pub(crate) counted: &'a Counted,
    pub(crate) links: &'a Links,
}

/// A request that may go on, and what its answer is told because of that.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    /// What is left of limits.
    limits: Fields,
}

impl Policies {
    /// Those of a route; none, if it insists on nothing.
    ///
    /// # Errors
    /// One of them cannot be made.
    pub(crate) fn new(
        route: &str,
        options: &RouteOptions,
        works: Works<'_>,
    ) -> Result<Option<Box<Self>>, NotMade> {
        let from = options.from.as_ref().and_then(From::new);
        let auth = match &options.auth {
            Some(auth) => Auth::new(auth, works.registry, works.proofs)?,
            None => None,
        };
        let authorizer = match &options.authorize {
            Some(authorize) => Authorizer::new(authorize)?,
            None => None,
        };
        let rates = Rates::new(route, &options.rate, works);
        let concurrency = Concurrency::new(route, &options.concurrency, works);
        let who = auth.is_some() || authorizer.is_some();
        let any = from.is_some() || who || rates.is_some() || concurrency.is_some();
        Ok(any.then(|| Box::new(Self { from, auth, authorizer, rates, concurrency })))
    }

    /// Whether they are made of this still.
    pub(crate) fn fit(&self, works: Works<'_>) -> bool {
        self.auth.as_ref().is_none_or(|auth| auth.is_of(works.registry))
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
        let mut admitted = Admitted::default();
        if let Some(rates) = &self.rates {
            admitted.limits = rates.admit(core, record, &asker(exchange)).await?;
        }
        if let Some(concurrency) = &self.concurrency {
            concurrency.admit(core, record, &asker(exchange))?;
        }
        Ok(admitted)
    }
}

impl Counted {
    /// Forgets what no configuration uses.
    pub(crate) fn tidy(&self) {
        self.ledgers.tidy();
        self.tallies.tidy();
    }

    /// How limits of rates are used, for people.
    pub(crate) fn told_of_rates(&self) -> serde_json::Value {
        self.ledgers.told()
    }

    /// What there is to say, as Prometheus reads it.
    pub(crate) fn write(&self, out: &mut String) -> std::fmt::Result {
        self.ledgers.write(out)
    }
}

impl Admitted {
    /// Adds what the answer has to say.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        self.limits.tell(headers);
    }
}

/// Who sends a request, for those who count.
fn asker(exchange: &Exchange) -> Asker<'_> {
    let principal = exchange.caller.as_ref().map(|caller| &*caller.principal);
    Asker {
        user: principal.map(|principal| &*principal.subject),
        key: principal.map(|principal| &*principal.client),
        address: exchange.client,
        headers: &exchange.ask.headers,
    }
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
            observe(core, record, &problem);
            Ok(T::default())
        }
        (judgement, _) => judgement,
    }
}

/// Notes a judgement that is not carried out.
fn observe(core: &Core, record: &mut Record, problem: &Problem) {
    core.meters.observed(problem.code());
    record.observed(problem);
}
