//! Which route a request would take, and why not the others.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{HOST, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use ondol_resilience::Mode;

use crate::address::Regions;
use crate::canonical::{HeaderPolicy, Target};
use crate::config::{Colour, Config, RouteOptions, Writes};
use crate::problem::Problem;
use crate::route::{Criteria, Found, Seen, Table};
use crate::tls::Shown;

/// A request to be explained.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its method.
    pub method: String,
    /// `http://host/path?query`, or `/path` with a `Host` among the headers.
    pub url: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// A name in the certificate that the client shows, if it shows one.
    pub certificate: Option<String>,
    /// Where the client is, if that is known.
    pub from: Option<IpAddr>,
}

/// Why a request cannot even be asked about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The method is not one.
    #[error("`{0}` is not a method{hint}", hint = shouted(.0))]
    Method(String),
    /// A header is not one.
    #[error("`{0}` is not a header")]
    Header(String),
}

/// Methods are written in capitals, and mean nothing otherwise.
fn shouted(method: &str) -> String {
    let capitals = method.to_ascii_uppercase();
    match capitals != *method && Method::from_bytes(capitals.as_bytes()).is_ok() {
        true => format!("; did you mean `{capitals}`?"),
        false => String::new(),
    }
}

/// What the gateway would do with a request, for a person to read.
///
/// # Errors
/// The question itself cannot be understood.
pub fn explain(config: &Config, question: &Question) -> Result<String, ExplainError> {
    let method = Method::from_bytes(question.method.as_bytes()).ok();
    let method = method.filter(|_| !question.method.contains(|it: char| it.is_ascii_lowercase()));
    let method = method.ok_or_else(|| ExplainError::Method(question.method.clone()))?;
    let mut headers = HeaderMap::new();
    for (name, value) in &question.headers {
        let wrong = || ExplainError::Header(format!("{name}: {value}"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_error| wrong())?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_error| wrong())?);
    }
    let mut out = String::new();
    let certificate = question.certificate.as_ref().map(|name| Shown {
        names: vec![name.to_ascii_lowercase()],
        field: HeaderValue::from_static(""),
    });
    let regions = Regions::of(&config.regions);
    let region = question.from.and_then(|from| regions.find(from));
    let certificate = certificate.as_ref();
    let asked = Asked { method: &method, url: &question.url, certificate, region };
    let written = match answer(config, &asked, headers, &mut out) {
        Ok(written) => written,
        Err(problem) => {
            let detail = problem.detail().map(|detail| format!(": {detail}"));
            let (status, code) = (problem.status(), problem.code());
            writeln!(out, "refused with {status} ({code}{})", detail.unwrap_or_default())
        }
    };
    debug_assert!(written.is_ok(), "a string takes everything");
    Ok(out)
}

/// A question that has been understood.
struct Asked<'a> {
    method: &'a Method,
    url: &'a str,
    certificate: Option<&'a Shown>,
    region: Option<&'a str>,
}

fn answer(
    config: &Config,
    asked: &Asked<'_>,
    mut headers: HeaderMap,
    out: &mut String,
) -> Result<std::fmt::Result, Problem> {
    let Asked { method, url, certificate, region } = *asked;
    let url = Bytes::copy_from_slice(url.as_bytes());
    if !headers.contains_key(HOST)
        && let Some(host) = url.split(|byte| *byte == b'/').nth(2).filter(|_| url[0] != b'/')
        && let Ok(host) = HeaderValue::from_bytes(host)
    {
        headers.insert(HOST, host);
    }
    let target = Target::read(&url, None, &headers, 1)?;
    HeaderPolicy::new(&config.trust.strip).apply(&mut headers, false)?;
    let seen = Seen {
        method,
        host: target.host.name(),
        path: target.path(),
        query: target.query(),
        headers: &headers,
        region,
        certificate,
    };
    let routes = config.routes.iter().filter_map(|(name, options)| {
        Some((Arc::new(Criteria::read(options).ok()?), Arc::new((name.as_str(), &**options))))
    });
    Ok(tell(config, &Table::new(routes.collect(), None), &seen, out))
}

fn tell(
    config: &Config,
    table: &Table<(&str, &RouteOptions)>,
    seen: &Seen<'_>,
    out: &mut String,
) -> std::fmt::Result {
    writeln!(out, "request   {} {}{}", seen.method, seen.host, seen.path)?;
    let found = match table.find(seen) {
        Found::Route(route) => Some(Arc::clone(route)),
        Found::OtherMethod => {
            writeln!(out, "refused with 405 (gateway-method-not-allowed)")?;
            None
        }
        Found::Nothing => {
            writeln!(out, "refused with 404 (gateway-no-route)")?;
            None
        }
    };
    if let Some(route) = &found {
        tell_route(config, route.0, route.1, out)?;
    }
    writeln!(out, "others, in the order in which they are tried:")?;
    for (criteria, other) in table.routes() {
        if found.as_ref().is_some_and(|found| found.0 == other.0) {
            continue;
        }
        match criteria.mismatch(seen) {
            Some(mismatch) => writeln!(out, "  {:<24} no: {mismatch}", other.0)?,
            None => writeln!(out, "  {:<24} matches too, but comes later", other.0)?,
        }
    }
    Ok(())
}

/// Its limits, a line each.
fn route_limits(config: &Config, options: &RouteOptions) -> Vec<String> {
    let verb = |mode| match mode {
        Mode::Enforce => Some("limits   "),
        Mode::Observe => Some("observes "),
        Mode::Off => None,
    };
    let rates = options.rate.iter().filter_map(|rate| {
        let (name, rate) = match config.rates.get_key_value(rate.limit.trim()) {
            Some((name, rate)) => (format!(" (`{name}`)"), rate),
            None => (String::new(), rate),
        };
        let shared = rate.shared.as_ref().map(|redis| format!(", shared through `{redis}`"));
        let shared = shared.unwrap_or_default();
        Some(format!("{} to {}{name}{shared}", verb(rate.mode)?, rate.limit))
    });
    let at_once = options.concurrency.iter().filter_map(|at_once| {
        Some(format!("{} to {} at once", verb(at_once.mode)?, at_once.limit))
    });
    rates.chain(at_once).collect()
}

/// What the route insists on, in the order in which it is looked at.
fn tell_policies(config: &Config, options: &RouteOptions, out: &mut String) -> std::fmt::Result {
    let modes = [
        ("from", options.from.as_ref().map(|from| from.mode)),
        ("auth", options.auth.as_ref().map(|auth| auth.mode)),
        ("authorize", options.authorize.as_ref().map(|authorize| authorize.mode)),
        ("accept", options.accept.as_ref().map(|accept| accept.mode)),
        ("validate", options.validate.as_ref().map(|validate| validate.mode)),
        ("security", options.security.as_ref().map(|security| security.mode)),
    ];
    for (policy, mode) in modes {
        match mode {
            Some(Mode::Enforce) => writeln!(out, "insists   on `{policy}`")?,
            Some(Mode::Observe) => writeln!(out, "observes  `{policy}`")?,
            Some(Mode::Off) | None => {}
        }
    }
    for limit in route_limits(config, options) {
        writeln!(out, "{limit}")?;
    }
    Ok(())
}

/// What decides among its backends, and who gets copies.
fn tell_steered(options: &RouteOptions, out: &mut String) -> std::fmt::Result {
    if let Some(canary) = &options.canary {
        let steps: Vec<_> = canary.steps.iter().map(u8::to_string).collect();
        let every = canary.every;
        writeln!(
            out,
            "canary    {} → {}, by {} %, judged every {every:?} (as it begins; `control show canaries` has how far it is)",
            canary.from,
            canary.to,
            steps.join(", ")
        )?;
    }
    if let Some(two) = &options.blue_green {
        writeln!(
            out,
            "switch    {} serves, unless it was switched by hand (`control show switches`)",
            two.active.name()
        )?;
    }
    if let Some(mirror) = &options.mirror {
        let against = mirror.again.as_deref().map(|again| format!(", noise from {again}"));
        let writes = match mirror.writes {
            Writes::Suppress => "without writes",
            Writes::Mark => "writes marked",
        };
        writeln!(
            out,
            "mirror    {} % to {}{}, {writes}",
            mirror.percent,
            mirror.to,
            against.unwrap_or_default()
        )?;
    }
    Ok(())
}

/// What is done with its answers.
fn tell_answers(options: &RouteOptions, out: &mut String) -> std::fmt::Result {
    if let Some(audit) = &options.audit {
        writeln!(out, "audit     written down in `{}`", audit.to)?;
    }
    if let Some(cache) = &options.cache {
        let fresh = cache.fresh.map(|fresh| format!(", {} s if they do not say", fresh.as_secs()));
        writeln!(out, "cache     answers as long as they are fresh{}", fresh.unwrap_or_default())?;
    }
    if options.transform.is_some() {
        writeln!(out, "transform headers and bodies on their way")?;
    }
    if let Some(compress) = &options.compress {
        writeln!(out, "compress  answers of {} bytes and more", compress.bytes_min)?;
    }
    for (name, part) in options.aggregate.iter().flat_map(|aggregate| &aggregate.parts) {
        let required = if part.required { ", required" } else { "" };
        writeln!(out, "part      {name}: {} of {}{required}", part.path, part.from)?;
    }
    Ok(())
}

fn tell_route(
    config: &Config,
    name: &str,
    options: &RouteOptions,
    out: &mut String,
) -> std::fmt::Result {
    writeln!(out, "route     {name}")?;
    tell_policies(config, options, out)?;
    if let Some(redirect) = &options.redirect {
        return writeln!(out, "redirect  {} to {}", redirect.status, redirect.to);
    }
    if let Some(respond) = &options.respond {
        return writeln!(out, "respond   {}", respond.status);
    }
    tell_steered(options, out)?;
    tell_answers(options, out)?;
    let single = options.to.iter().map(|name| (name, 100));
    let canary = options.canary.iter().flat_map(|canary| {
        let first = u32::from(canary.steps.first().copied().unwrap_or(100));
        [(&canary.from, 100 - first), (&canary.to, first)]
    });
    let colours = options.blue_green.iter().flat_map(|two| {
        let blue = if two.active == Colour::Blue { 100 } else { 0 };
        [(&two.blue, blue), (&two.green, 100 - blue)]
    });
    let single = single.chain(canary).chain(colours);
    let total = options.split.values().sum::<u32>().max(1);
    let split = options.split.iter().map(|(name, share)| (name, share * 100 / total));
    for (name, percent) in single.chain(split) {
        let Some(backend) = config.backends.get(name) else { continue };
        let at: Vec<_> = backend.endpoints.iter().map(|endpoint| endpoint.at.as_str()).collect();
        writeln!(out, "backend   {name} ({percent} %): {}", at.join(", "))?;
        let policies = [
            ("retry", backend.retry.is_some()),
            ("breaker", backend.breaker.is_some()),
            ("bulkhead", backend.bulkhead.is_some()),
            ("balancer", backend.endpoints.len() > 1),
        ];
        let on: Vec<_> = policies.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
        if !on.is_empty() {
            writeln!(out, "policies  {}", on.join(" → "))?;
        }
    }
    match &options.fallback {
        Some(fallback) => {
            let kept = fallback.kept.map(|_| "the last good answer");
            let fixed = fallback.respond.as_ref().map(|_| "a fixed answer");
            let tried: Vec<_> =
                kept.into_iter().chain(fallback.to.as_deref()).chain(fixed).collect();
            writeln!(out, "fallback  {}, on {:?}", tried.join(" → "), fallback.on)
        }
        None => Ok(()),
    }
}
