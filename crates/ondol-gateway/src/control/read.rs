//! What there is to see.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use ondol_resilience::{Balancer, Breaker, Bulkhead};
use serde_json::{Value, json};

use super::request::Asked;
use super::{ControlProblem, Version, diff, json as answer, tagged};
use crate::backend::{Backend, Endpoint};
use crate::body::Body;
use crate::snapshot::{Action, Route, Snapshot, Steered};
use crate::start::GatewayHandle;
use crate::steer::{Canary, Side};

/// What can be looked at.
const NAMES: [&str; 11] = [
    "overview", "config", "versions", "routes", "backends", "canaries", "switches", "mirrors",
    "limits", "refusals", "audit",
];

/// Answers a look.
pub(super) fn read(
    handle: &GatewayHandle,
    asked: &Asked,
) -> Result<Response<Body>, ControlProblem> {
    let unknown = || {
        let first = asked.path.first().map_or("", String::as_str);
        let hint =
            crate::config::meant(first, NAMES).map(|name| format!("; did you mean `{name}`?"));
        let hint = hint.unwrap_or_else(|| format!("; there is {}", NAMES.join(", ")));
        ControlProblem::Unknown(format!("there is nothing called `{}`{hint}", asked.path.join("/")))
    };
    let of = |value: Option<Value>| value.ok_or_else(unknown);
    let snapshot = handle.snapshot();
    let told = match asked.parts().as_slice() {
        [] => json!({ "see": NAMES }),
        ["overview"] => overview(handle, &snapshot),
        ["config"] => return Ok(config(handle, asked)),
        ["versions"] => handle.versions().all().iter().map(version).collect(),
        ["versions", number] => return one_version(handle, number).ok_or_else(unknown),
        ["versions", number, "diff"] => {
            let earlier = number.parse().ok().and_then(|number| handle.versions().find(number));
            of(earlier.map(|earlier| diff::diff(&earlier.text, &handle.version().text)))?
        }
        ["routes"] => routes(&snapshot),
        ["routes", name] => of(snapshot.route(name).map(route))?,
        ["backends"] => backends(&snapshot),
        ["backends", name] => of(backend_named(handle, name))?,
        ["canaries"] => canaries(&snapshot),
        ["canaries", name] => of(canary(handle, name))?,
        ["switches"] => switches(&snapshot),
        ["switches", name] => of(switch(handle, name))?,
        ["mirrors"] => mirrors(&snapshot),
        ["mirrors", name] => of(mirror(&snapshot, name))?,
        ["limits"] => limits(handle, &snapshot),
        ["refusals"] => handle.refusals().told(),
        ["audit"] => last_of_audit(handle),
        _ => return Err(unknown()),
    };
    Ok(answer(StatusCode::OK, &told))
}

/// The last lines of the audit log, the newest first.
fn last_of_audit(handle: &GatewayHandle) -> Value {
    let config = handle.config();
    let Some(control) = &config.control else { return Value::Null };
    let lines = super::audit::last_lines(&control.audit).unwrap_or_default();
    lines.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect()
}

fn config(handle: &GatewayHandle, asked: &Asked) -> Response<Body> {
    let accept = asked.header(ACCEPT).unwrap_or_default().to_owned();
    let config = handle.config();
    let response = if accept.contains("application/json") {
        answer(StatusCode::OK, &serde_json::to_value(&*config).unwrap_or_default())
    } else if asked.says("effective") {
        toml_text(toml::to_string(&*config).unwrap_or_default())
    } else {
        toml_text(handle.version().text)
    };
    tagged(handle, response)
}

fn toml_text(text: String) -> Response<Body> {
    let mut response = Response::new(Body::full(text));
    let toml = HeaderValue::from_static("application/toml");
    response.headers_mut().insert(CONTENT_TYPE, toml);
    response
}

fn version(version: &Version) -> Value {
    let at = ondol_kernel::Timestamp::from_micros(version.at_micros);
    json!({
        "version": version.number,
        "tag": version.tag(),
        "time": at.map(|at| at.to_string()).unwrap_or_default(),
        "who": version.who,
        "why": version.why,
        "bytes": version.text.len(),
    })
}

fn one_version(handle: &GatewayHandle, number: &str) -> Option<Response<Body>> {
    let found = handle.versions().find(number.parse().ok()?)?;
    Some(toml_text(found.text))
}

fn overview(handle: &GatewayHandle, snapshot: &Snapshot) -> Value {
    let version = handle.version();
    json!({
        "time": handle.clock().now().to_string(),
        "running_micros": micros(handle.clock().running()),
        "version": version.number,
        "limits": limits(handle, snapshot),
        "routes": routes(snapshot),
        "backends": backends(snapshot),
        "canaries": canaries(snapshot),
        "switches": switches(snapshot),
        "mirrors": mirrors(snapshot),
        "refusals_by_reason": handle.core().meters.reasons(),
    })
}

fn limits(handle: &GatewayHandle, snapshot: &Snapshot) -> Value {
    let core = handle.core();
    let bulkheads = snapshot.backends.values().filter_map(|backend| {
        let state = backend.guards.bulkhead.as_ref().map(Bulkhead::state)?;
        Some((backend.name.to_string(), serde_json::to_value(state).unwrap_or_default()))
    });
    let redis = snapshot.links.values();
    let redis = redis.map(|link| (link.name.clone(), link.is_up().into()));
    json!({
        "connections": core.meters.connections.load(Ordering::Relaxed),
        "connections_max_per_worker": snapshot.config.limits.connections_max,
        "workers": handle.workers(),
        "of_clients": snapshot.config.limits,
        "bulkheads": bulkheads.collect::<serde_json::Map<_, _>>(),
        "rates": core.meters.policies.told_of_rates(),
        "redis_up": redis.collect::<serde_json::Map<_, _>>(),
    })
}

fn routes(snapshot: &Snapshot) -> Value {
    snapshot.routes().iter().map(route).collect()
}

fn route(route: &Arc<Route>) -> Value {
    let does = match &route.action {
        Action::Redirect(_) => "redirect",
        Action::Respond(_) => "respond",
        Action::Aggregate(_) => "aggregate",
        Action::Forward(split) => match &split.steered {
            Some(Steered::Canary(_)) => "canary",
            Some(Steered::Switch(_)) => "blue_green",
            None if split.backends.len() > 1 => "split",
            None => "to",
        },
    };
    let backends: Vec<_> = match &route.action {
        Action::Forward(split) => split.backends.iter().map(|(one, _)| &*one.name).collect(),
        Action::Redirect(_) | Action::Respond(_) | Action::Aggregate(_) => Vec::new(),
    };
    let mut told = route.meter.told();
    told["name"] = json!(&*route.name);
    told["does"] = json!(does);
    told["backends"] = json!(backends);
    told
}

fn backends(snapshot: &Snapshot) -> Value {
    snapshot.backends.values().map(|found| backend(found)).collect()
}

/// A backend as it is.
pub(super) fn backend_named(handle: &GatewayHandle, name: &str) -> Option<Value> {
    handle.backend(name).map(|found| backend(&found))
}

fn backend(backend: &Backend) -> Value {
    let set = backend.endpoints();
    let endpoint = |one: &Arc<Endpoint>, drained: bool| {
        json!({
            "name": &*one.name,
            "drained": drained,
            "ill": one.ill.load(Ordering::Relaxed),
            "requests": one.pool.under_way(),
            "idle_connections": one.pool.idle(),
        })
    };
    let serving = set.list.iter().map(|one| endpoint(one, false));
    let all: Value = serving.chain(set.drained.iter().map(|one| endpoint(one, true))).collect();
    let guards = &backend.guards;
    json!({
        "name": &*backend.name,
        "endpoints": all,
        "breaker": guards.breaker.as_ref().map(Breaker::state),
        "bulkhead": guards.bulkhead.as_ref().map(Bulkhead::state),
        "balancer": guards.balancer.as_ref().map(Balancer::state),
    })
}

fn steered(snapshot: &Snapshot) -> impl Iterator<Item = (&Arc<Route>, &Steered)> {
    snapshot.routes().iter().filter_map(|route| Some((route, route.steered()?)))
}

fn canaries(snapshot: &Snapshot) -> Value {
    let canaries = steered(snapshot).filter_map(|(route, steered)| match steered {
        Steered::Canary(canary) => Some(tell_canary(&route.name, canary, snapshot)),
        Steered::Switch(_) => None,
    });
    canaries.collect()
}

/// A canary as it stands.
pub(super) fn canary(handle: &GatewayHandle, name: &str) -> Option<Value> {
    Some(tell_canary(name, &*handle.canary(name)?, &handle.snapshot()))
}

fn tell_canary(route: &str, canary: &Canary, snapshot: &Snapshot) -> Value {
    let options = snapshot.config.routes.get(route).and_then(|route| route.canary.as_ref());
    let progress = canary.progress();
    let side = |side| {
        let (good, bad) = canary.totals(side);
        json!({ "good": good, "bad": bad })
    };
    let moves = progress.moves.iter().map(|one| {
        let at = ondol_kernel::Timestamp::from_micros(one.at_micros);
        json!({
            "time": at.map(|at| at.to_string()).unwrap_or_default(),
            "from": one.from,
            "to": one.to,
            "why": one.why,
        })
    });
    json!({
        "route": route,
        "options": options,
        "state": progress.stage.name(),
        "frozen": progress.frozen,
        "percent": progress.share,
        "good_intervals": progress.good,
        "missing_intervals": progress.missing,
        "found_last": canary.last(),
        "baseline": side(Side::Baseline),
        "candidate": side(Side::Candidate),
        "moves": moves.collect::<Value>(),
    })
}

fn switches(snapshot: &Snapshot) -> Value {
    let switches = steered(snapshot).filter_map(|(route, _)| tell_switch(route, snapshot));
    switches.collect()
}

/// A switch as it stands.
pub(super) fn switch(handle: &GatewayHandle, name: &str) -> Option<Value> {
    let snapshot = handle.snapshot();
    tell_switch(snapshot.route(name)?, &snapshot)
}

fn tell_switch(route: &Route, snapshot: &Snapshot) -> Option<Value> {
    let Some(Steered::Switch(switch)) = route.steered() else { return None };
    let options = snapshot.config.routes.get(&*route.name)?.blue_green.as_ref()?;
    Some(json!({
        "route": &*route.name,
        "blue": options.blue,
        "green": options.green,
        "active": switch.active().name(),
        "active_in_file": options.active.name(),
    }))
}

fn mirrors(snapshot: &Snapshot) -> Value {
    let mirrors = snapshot.routes().iter();
    mirrors.filter_map(|route| Some(route.mirror.as_ref()?.told(&route.name))).collect()
}

fn mirror(snapshot: &Snapshot, name: &str) -> Option<Value> {
    Some(snapshot.route(name)?.mirror.as_ref()?.told(name))
}

fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
