//! What has happened between two looks at a gateway.

use serde_json::{Value, json};

/// All figures.
pub(super) fn between(before: &Value, now: &Value) -> Value {
    let micros = number(&now["running_micros"]).saturating_sub(number(&before["running_micros"]));
    let seconds = decimal(micros.max(1)) / 1e6;
    let routes = list(&now["routes"]).map(|route| {
        let old = list(&before["routes"]).find(|old| old["name"] == route["name"]);
        of_route(old.unwrap_or(&Value::Null), route, seconds)
    });
    json!({
        "time": now["time"],
        "seconds": seconds,
        "version": now["version"],
        "routes": routes.collect::<Value>(),
        "backends": list(&now["backends"]).map(of_backend).collect::<Value>(),
        "canaries": list(&now["canaries"]).map(of_canary).collect::<Value>(),
        "switches": now["switches"],
        "mirrors": list(&now["mirrors"]).map(of_mirror).collect::<Value>(),
        "limits": {
            "connections": now["limits"]["connections"],
            "connections_max_per_worker": now["limits"]["connections_max_per_worker"],
            "workers": now["limits"]["workers"],
            "bulkheads": now["limits"]["bulkheads"],
            "rates": rates(before, now, seconds),
            "redis_up": now["limits"]["redis_up"],
        },
        "refusals": refusals(before, now, seconds),
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// A count as a number that can be divided.
fn decimal(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// With one digit after the point.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn of_route(before: &Value, now: &Value, seconds: f64) -> Value {
    let grown = |class: &str| {
        number(&now["answers"][class]).saturating_sub(number(&before["answers"][class]))
    };
    let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    let all: u64 = classes.into_iter().map(grown).sum();
    let old: Vec<u64> = list(&before["buckets"]).map(number).collect();
    let buckets = list(&now["buckets"]).enumerate();
    let buckets: Vec<u64> = buckets
        .map(|(at, now)| number(now).saturating_sub(old.get(at).copied().unwrap_or_default()))
        .collect();
    let ends: Vec<u64> = list(&now["bucket_ends_micros"]).map(number).collect();
    let percentile = |percent| percentile(&buckets, &ends, percent, all);
    json!({
        "name": now["name"],
        "does": now["does"],
        "backends": now["backends"],
        "per_second": round(decimal(all) / seconds),
        "errors_percent": round(decimal(grown("5xx")) * 100.0 / decimal(all.max(1))),
        "refused_percent": round(decimal(grown("4xx")) * 100.0 / decimal(all.max(1))),
        "p50_ms": percentile(50),
        "p99_ms": percentile(99),
    })
}

/// The end of the bucket in which so many of a hundred lie, in milliseconds; nothing, if nothing was
/// answered, or if it took longer than can be told.
fn percentile(buckets: &[u64], ends: &[u64], percent: u64, all: u64) -> Option<f64> {
    let rank = (all * percent).div_ceil(100);
    let mut seen = 0;
    for (number, end) in buckets.iter().zip(ends) {
        seen += number;
        if rank > 0 && seen >= rank {
            return Some(decimal(*end) / 1e3);
        }
    }
    None
}

fn of_backend(now: &Value) -> Value {
    let breaker = &now["breaker"];
    let phase = &breaker["phase"];
    json!({
        "name": now["name"],
        "endpoints": list(&now["endpoints"]).count(),
        "ill": list(&now["endpoints"]).filter(|one| one["ill"] == true).count(),
        "drained": list(&now["endpoints"]).filter(|one| one["drained"] == true).count(),
        "requests": list(&now["endpoints"]).map(|one| number(&one["requests"])).sum::<u64>(),
        "idle_connections":
            list(&now["endpoints"]).map(|one| number(&one["idle_connections"])).sum::<u64>(),
        "breaker": breaker["state"],
        "breaker_mode": breaker["mode"],
        "probes_in": phase["probes_in"],
        "recovery_step": phase["step"],
        "recovery_share": phase["share"],
        "failures_in_a_row": phase["failures_in_a_row"],
    })
}

fn of_canary(now: &Value) -> Value {
    json!({
        "route": now["route"],
        "state": now["state"],
        "frozen": now["frozen"],
        "percent": now["percent"],
        "steps": now["options"]["steps"],
        "found_last": now["found_last"],
    })
}

fn of_mirror(now: &Value) -> Value {
    json!({
        "route": now["route"],
        "to": now["options"]["to"],
        "waiting": now["waiting"],
        "compared": now["report"]["compared"],
        "fields_differing": list(&now["report"]["real"]).count(),
        "copies": now["copies"],
    })
}

/// Limits of rates, with how many requests a second were too many.
fn rates(before: &Value, now: &Value, seconds: f64) -> Value {
    let rates = now["limits"]["rates"].as_object().into_iter().flatten();
    let told = rates.map(|(name, rate)| {
        let old = number(&before["limits"]["rates"][name]["exceeded"]);
        let grown = number(&rate["exceeded"]).saturating_sub(old);
        let per_second = round(decimal(grown) / seconds);
        (name.clone(), json!({ "keys": rate["keys"], "exceeded_per_second": per_second }))
    });
    Value::Object(told.collect())
}

/// Refusals a second, by the reason, where there are any.
fn refusals(before: &Value, now: &Value, seconds: f64) -> Value {
    let reasons = now["refusals_by_reason"].as_object().into_iter().flatten();
    let grown = reasons.filter_map(|(reason, count)| {
        let old = number(&before["refusals_by_reason"][reason]);
        let grown = number(count).saturating_sub(old);
        (grown > 0).then(|| (reason.clone(), round(decimal(grown) / seconds).into()))
    });
    Value::Object(grown.collect())
}

#[cfg(test)]
mod tests;
