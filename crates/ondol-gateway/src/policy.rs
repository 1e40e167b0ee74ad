//! What a route insists on before a request goes on, and what it adds to the answer.
//!
//! The order is the same for every route: from where → who asks → whether he may → how much → whether
//! the request makes sense. What is only observed is decided and noted like the rest, and passes.

mod accept;
mod concurrency;
mod from;
mod known;
mod media;
mod openapi;
mod rate;
mod security;

use http::HeaderMap;
use ondol_auth::Proofs;
use ondol_resilience::Mode;

use crate::config::{Config, RouteOptions};
use crate::gateway::{Core, Exchange, Record};
use crate::problem::Problem;
use crate::who::{Auth, Authorizer, Registry};

use accept::Accept;
pub(crate) use concurrency::UnderWay;
use concurrency::{Concurrency, Tally};
use from::From;
use known::Known;
pub(crate) use media::Pattern;
use openapi::OpenApi;
pub(crate) use openapi::stamp;
pub(crate) use openapi::{NotJson, Violation, check_file};
use rate::{Asker, Ledger, Rates};
pub(crate) use rate::{AtOnce, Fields, Limit, seconds};
pub(crate) use rate::{Link, Links, Place, serve};
use security::Security;

/// A policy cannot be made of its options.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotMade;

/// The policies of a route.
pub(crate) struct Policies {
    from: Option<From>,
    auth: Option<Auth>,
    authorizer: Option<Authorizer>,
    rates: Option<Rates>,
    concurrency: Option<Concurrency>,
    accept: Option<Accept>,
    openapi: Option<OpenApi>,
    security: Option<Security>,
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

/// A policy of options that may not be there, and may be off.
fn on<O, P>(
    options: Option<&O>,
    make: impl FnOnce(&O) -> Result<Option<P>, NotMade>,
) -> Result<Option<P>, NotMade> {
    options.map_or(Ok(None), make)
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
    /// One of them cannot be made of its options; checking the configuration says why.
    pub(crate) fn new(
        route: &str,
        options: &RouteOptions,
        works: Works<'_>,
    ) -> Result<Option<Box<Self>>, NotMade> {
        let from = options.from.as_ref().and_then(From::new);
        let auth = on(options.auth.as_ref(), |it| Auth::new(it, works.registry, works.proofs))?;
        let authorizer = on(options.authorize.as_ref(), Authorizer::new)?;
        let rates = Rates::new(route, &options.rate, works)?;
        let concurrency = Concurrency::new(route, &options.concurrency, works)?;
        let accept = on(options.accept.as_ref(), Accept::new)?;
        let openapi = on(options.validate.as_ref(), OpenApi::new)?;
        let security = on(options.security.as_ref(), Security::new)?;
        let who = from.is_some() || auth.is_some() || authorizer.is_some();
        let much = rates.is_some() || concurrency.is_some();
        let guards = accept.is_some() || openapi.is_some() || security.is_some();
        let all = Self { from, auth, authorizer, rates, concurrency, accept, openapi, security };
        Ok((who || much || guards).then(|| Box::new(all)))
    }

    /// Whether what they are made of is still the same.
    pub(crate) fn fit(&self, works: Works<'_>) -> bool {
        self.auth.as_ref().is_none_or(|auth| auth.is_of(works.registry))
            && self.openapi.as_ref().is_none_or(OpenApi::is_fresh)
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
        if let Some(accept) = &self.accept {
            judge(core, record, accept.mode, accept.admit(exchange))?;
        }
        if let Some(openapi) = &self.openapi {
            openapi.admit(core, exchange, record).await?;
        }
        Ok(admitted)
    }
}

impl Policies {
    /// Adds to an answer what browsers are told, whoever has made it.
    pub(crate) fn protect(&self, core: &Core, over_tls: bool, headers: &mut HeaderMap) {
        if let Some(security) = &self.security {
            security.tell(core, over_tls, headers);
        }
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
