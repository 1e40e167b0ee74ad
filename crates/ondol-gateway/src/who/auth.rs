//! What a route asks of whoever calls it: that he proves who he is, and that he may.

use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_ENCODING, COOKIE, HeaderName};
use http::{HeaderMap, HeaderValue};
use ondol_auth::{Principal, ProofAsked, ProofError, Proofs, VerifyError, claimed_issuer};
use ondol_resilience::Mode;

use super::amount::Place;
use super::certificates::Certificates;
use super::demand::{Demand, Strength};
use super::issuer::Issuer;
use super::keys::Keys;
use super::refusal::{Refusal, Said};
use super::registry::Registry;
use super::replay::peek;
use super::shown::{Accepted, Shown};
use super::tell::Tell;
use super::{By, Caller};
use crate::config::{AuthOptions, OneOrMany};
use crate::cors::may_upgrade;
use crate::gateway::{Core, Exchange, Head, Record, fill, of_body};
use crate::policy::NotMade;
use crate::problem::Problem;

const DPOP: HeaderName = HeaderName::from_static("dpop");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Who may call a route.
pub(crate) struct Auth {
    pub(crate) mode: Mode,
    issuers: Vec<(String, Arc<Issuer>)>,
    keys: Option<(String, Arc<Keys>)>,
    certificates: Option<(String, Arc<Certificates>)>,
    accepted: Accepted,
    optional: bool,
    demand: Demand,
    tenant: Option<String>,
    above: Option<Above>,
    forward_token: Option<bool>,
    tell: Tell,
    proofs: Proofs,
}

/// What is asked for large amounts.
struct Above {
    place: Place,
    amount: f64,
    strength: Strength,
    body_bytes_max: u64,
}

impl Auth {
    /// None, if it is off.
    ///
    /// # Errors
    /// It asks for what is not there: then the route is not made, rather than left open.
    pub(crate) fn new(
        options: &AuthOptions,
        registry: &Registry,
        proofs: &Proofs,
    ) -> Result<Option<Self>, NotMade> {
        if options.mode == Mode::Off {
            return Ok(None);
        }
        Self::made(options, registry, proofs).ok_or(NotMade).map(Some)
    }

    fn made(options: &AuthOptions, registry: &Registry, proofs: &Proofs) -> Option<Self> {
        let named = options.issuer.iter().flat_map(OneOrMany::as_slice);
        let issuers = named.map(|name| Some((name.clone(), registry.issuer(name)?)));
        let issuers = issuers.collect::<Option<Vec<_>>>()?;
        let keys = match &options.keys {
            Some(name) => Some((name.clone(), registry.keys(name)?)),
            None => None,
        };
        let cookies = issuers.iter().filter_map(|(_, issuer)| issuer.options.cookie.clone());
        let accepted = Accepted {
            tokens: !issuers.is_empty(),
            cookies: cookies.collect(),
            key: keys.as_ref().map(|(_, keys)| keys.header.clone()),
        };
        Some(Self {
            mode: options.mode,
            accepted,
            issuers,
            keys,
            certificates: match &options.certificate {
                Some(name) => Some((name.clone(), registry.certificates(name)?)),
                None => None,
            },
            optional: options.optional,
            demand: Demand::new(options),
            tenant: options.tenant.clone(),
            above: match &options.above {
                Some(above) => Some(Above {
                    place: Place::read(&above.at).ok()?,
                    amount: above.amount,
                    strength: Strength::new(&above.acr, &above.amr, above.max_age),
                    body_bytes_max: above.body_bytes_max,
                }),
                None => None,
            },
            forward_token: options.forward_token,
            tell: Tell::new(options),
            proofs: proofs.clone(),
        })
    }

    /// Whether it believes exactly those that are in the registry.
    pub(crate) fn is_of(&self, registry: &Registry) -> bool {
        let same = |(name, one): &(String, Arc<Issuer>)| {
            registry.issuer(name).is_some_and(|other| Arc::ptr_eq(one, &other))
        };
        self.issuers.iter().all(same)
            && self.keys.as_ref().is_none_or(|(name, one)| {
                registry.keys(name).is_some_and(|other| Arc::ptr_eq(one, &other))
            })
            && self.certificates.as_ref().is_none_or(|(name, one)| {
                registry.certificates(name).is_some_and(|other| Arc::ptr_eq(one, &other))
            })
    }

    /// Finds out who asks and whether he may. Who it is stays with the request, whatever comes of it.
    pub(crate) async fn admit(
        &self,
        core: &Core,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<(), Problem> {
        let judged = match self.ask(core, exchange.head()).await {
            Ok(caller) => {
                exchange.caller = caller;
                record.caller(exchange.caller.as_ref());
                self.may(core, exchange).await
            }
            Err(refusal) => Err(self.said(refusal)),
        };
        self.hand_on(exchange).map_err(|refusal| self.said(refusal)).and(judged)
    }

    /// A refusal, with what would help.
    fn said(&self, refusal: Refusal) -> Problem {
        let realm = self.issuers.first().map(|(_, issuer)| issuer.realm.clone());
        Problem::Who(Box::new(Said { refusal, realm, keys: self.keys.is_some() }))
    }

    /// Who asks.
    async fn ask(&self, core: &Core, exchange: Head<'_>) -> Result<Option<Caller>, Refusal> {
        let headers = &exchange.ask.headers;
        let caller = |by| move |principal| Some(Caller { by, principal });
        match Shown::look(&self.accepted, headers)? {
            Shown::Token { token, with_proof, in_cookie } => {
                if in_cookie && !Self::may_use_cookie(exchange) {
                    return Err(Refusal::Page);
                }
                let principal = self.believe(core, exchange, token).await?;
                self.held(&principal, token, with_proof, exchange)?;
                Ok(caller(By::Token)(principal))
            }
            Shown::Key(key) => {
                let Some((_, keys)) = &self.keys else { return Err(Refusal::Missing) };
                let found = keys.find(key.as_bytes(), core.clock.now());
                found.map(caller(By::Key)).map_err(Refusal::Key)
            }
            Shown::Nothing => self.by_certificate(exchange),
        }
    }

    fn by_certificate(&self, exchange: Head<'_>) -> Result<Option<Caller>, Refusal> {
        let shown = exchange.peer.certificate.as_ref();
        match (&self.certificates, shown) {
            (Some((_, certificates)), Some(shown)) => match certificates.find(shown) {
                Some(principal) => Ok(Some(Caller { by: By::Certificate, principal })),
                None if self.optional => Ok(None),
                None => Err(Refusal::Certificate),
            },
            _ if self.optional => Ok(None),
            (Some(_), None) if self.issuers.is_empty() && self.keys.is_none() => {
                Err(Refusal::Certificate)
            }
            _ => Err(Refusal::Missing),
        }
    }

    /// Whether a browser may act with a cookie: not for a page of another site.
    fn may_use_cookie(exchange: Head<'_>) -> bool {
        let host = exchange.target.host.as_str();
        let cors = exchange.route.cors.as_ref();
        exchange.ask.method.is_safe() || may_upgrade(cors, host, &exchange.ask.headers)
    }

    /// Whose token this is.
    async fn believe(
        &self,
        core: &Core,
        exchange: Head<'_>,
        token: &str,
    ) -> Result<Arc<Principal>, Refusal> {
        let issuer = self.issuer_of(token).ok_or(Refusal::Token(VerifyError::Issuer))?;
        let verified = issuer.verify(token).await;
        let principal = verified.map_err(|error| match error {
            VerifyError::NoKeys => Refusal::Unknown("no keys of the issuer can be had"),
            error => Refusal::Token(error),
        })?;
        if let Some(introspection) = &issuer.introspection {
            let worker = exchange.peer.worker;
            introspection.check(core, worker, &principal.token, token).await?;
        }
        Ok(principal)
    }

    fn issuer_of(&self, token: &str) -> Option<&Arc<Issuer>> {
        match self.issuers.as_slice() {
            [(_, only)] => Some(only),
            several => {
                let claimed = claimed_issuer(token)?;
                let named = |(_, issuer): &&(String, Arc<Issuer>)| issuer.options.issuer == claimed;
                several.iter().find(named).map(|(_, issuer)| issuer)
            }
        }
    }

    /// Whether a token that is bound to something is held by whom it was given to.
    fn held(
        &self,
        principal: &Principal,
        token: &str,
        with_proof: bool,
        exchange: Head<'_>,
    ) -> Result<(), Refusal> {
        let to_key = principal.bound.as_ref().is_some_and(|bound| bound.jkt.is_some());
        if to_key != with_proof {
            return Err(Refusal::Proof(ProofError::Missing));
        }
        if principal.bound.is_none() {
            return Ok(());
        }
        let mut proofs = exchange.ask.headers.get_all(DPOP).iter();
        let proof = proofs.next().and_then(|proof| proof.to_str().ok());
        if proofs.next().is_some() {
            let twice = VerifyError::Malformed { part: "proof" };
            return Err(Refusal::Proof(ProofError::Malformed(twice)));
        }
        let address = address(exchange);
        let method = exchange.ask.method.as_str();
        let shown = exchange.peer.certificate.as_ref();
        let certificate = shown.and_then(crate::tls::Shown::der);
        let asked = ProofAsked { method, address: &address, token };
        let checked = self.proofs.check(principal, proof, certificate.as_deref(), asked);
        checked.map_err(|error| match error {
            ProofError::Other { what: "certificate" } => Refusal::OtherCertificate,
            error => Refusal::Proof(error),
        })
    }

    /// Whether he may.
    async fn may(&self, core: &Core, exchange: &mut Exchange) -> Result<(), Problem> {
        let Some(caller) = &exchange.caller else {
            // Who need not say who he is may do what does not depend on it.
            let depends = self.above.is_some() || self.tenant.is_some();
            return if depends { Err(self.said(Refusal::Missing)) } else { Ok(()) };
        };
        let principal = Arc::clone(&caller.principal);
        let now = || core.clock.now();
        let tenant = self.tenant.as_deref().map(|tenant| ground(tenant, exchange.head()));
        let met = self.demand.met(&principal, tenant.as_deref(), now);
        met.map_err(|refusal| self.said(refusal))?;
        let Some(above) = &self.above else { return Ok(()) };
        let Err(refusal) = above.strength.met(&principal, now) else { return Ok(()) };
        let most = above.body_bytes_max.min(exchange.route.body_bytes_max);
        let body = peek(&mut exchange.body, most).await.map_err(|error| of_body(&error))?;
        let plain = !exchange.ask.headers.contains_key(CONTENT_ENCODING);
        if plain && above.place.is_small(&body, above.amount) {
            return Ok(());
        }
        Err(self.said(refusal))
    }

    /// Takes what was shown off the request, where it is not to go on, and tells who it was.
    fn hand_on(&self, exchange: &mut Exchange) -> Result<(), Refusal> {
        let headers = &mut exchange.ask.headers;
        if let Some(key) = self.accepted.key.as_ref().filter(|_| self.forward_token != Some(true)) {
            headers.remove(key);
        }
        if self.accepted.tokens && self.forward_token == Some(false) {
            headers.remove(AUTHORIZATION);
            headers.remove(DPOP);
            for cookie in &self.accepted.cookies {
                take_cookie(headers, cookie);
            }
        }
        match &exchange.caller {
            Some(caller) => self.tell.tell(&caller.principal, headers),
            None => Ok(()),
        }
    }
}

/// Whose ground a request is on.
fn ground(tenant: &str, exchange: Head<'_>) -> String {
    if !tenant.contains('{') {
        return tenant.to_owned();
    }
    let mut captures = exchange.route.pattern().captures(exchange.target.path());
    let label = exchange.target.host.name().split('.').next().unwrap_or_default();
    captures.push(("subdomain".to_owned(), label.to_owned()));
    fill(tenant, &captures)
}

/// The address of a request, as a proof names it.
fn address(exchange: Head<'_>) -> String {
    let said = exchange.ask.headers.get(FORWARDED_PROTO).and_then(|said| said.to_str().ok());
    let secure = said.map_or(exchange.peer.secure, |said| said.eq_ignore_ascii_case("https"));
    let scheme = if secure { "https" } else { "http" };
    format!("{scheme}://{}{}", exchange.target.host.as_str(), exchange.target.path())
}

/// Takes one cookie out and leaves the others.
fn take_cookie(headers: &mut HeaderMap, name: &str) {
    let others: Vec<String> = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .filter(|pair| pair.split('=').next().is_none_or(|it| it.trim() != name))
        .map(str::to_owned)
        .collect();
    headers.remove(COOKIE);
    if let Ok(value) = HeaderValue::try_from(others.join("; "))
        && !others.is_empty()
    {
        headers.insert(COOKIE, value);
    }
}
