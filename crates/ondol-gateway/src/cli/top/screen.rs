//! The figures as a person sees them.

use std::fmt::Write;

use serde_json::Value;

const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";
/// Lines of each table.
const LINES_MAX: usize = 40;
/// Letters of a name.
const NAME_MAX: usize = 28;

/// Draws a screen.
pub(super) fn draw(figures: &Value, coloured: bool) -> String {
    let mut screen = Screen { out: String::new(), coloured };
    let written = screen.all(figures);
    debug_assert!(written.is_ok(), "a string takes everything");
    screen.out
}

struct Screen {
    out: String,
    coloured: bool,
}

impl Screen {
    fn all(&mut self, figures: &Value) -> std::fmt::Result {
        let limits = &figures["limits"];
        writeln!(
            self.out,
            "{}  version {}  connections {} of {} × {}",
            text(&figures["time"]),
            text(&figures["version"]),
            text(&limits["connections"]),
            text(&limits["workers"]),
            text(&limits["connections_max_per_worker"]),
        )?;
        self.routes(&figures["routes"])?;
        self.backends(&figures["backends"])?;
        self.bulkheads(&limits["bulkheads"])?;
        self.rates(limits)?;
        self.steered(figures)?;
        let refusals = figures["refusals"].as_object().filter(|refusals| !refusals.is_empty());
        if let Some(refusals) = refusals {
            self.title(&format!("{:<40} {:>8}", "REFUSED BECAUSE", "REQ/S"))?;
            for (reason, rate) in refusals {
                writeln!(self.out, "{reason:<40} {:>8}", text(rate))?;
            }
        }
        Ok(())
    }

    fn routes(&mut self, routes: &Value) -> std::fmt::Result {
        self.title(&format!(
            "{:<28} {:<10} {:>9} {:>7} {:>7} {:>9} {:>9}",
            "ROUTE", "DOES", "REQ/S", "5XX %", "4XX %", "P50 ≤ MS", "P99 ≤ MS"
        ))?;
        for route in some(routes) {
            let line = format!(
                "{:<28} {:<10} {:>9} {:>7} {:>7} {:>9} {:>9}",
                name(&route["name"]),
                text(&route["does"]),
                text(&route["per_second"]),
                text(&route["errors_percent"]),
                text(&route["refused_percent"]),
                text(&route["p50_ms"]),
                text(&route["p99_ms"]),
            );
            let errors = route["errors_percent"].as_f64().unwrap_or_default();
            self.line(&line, if errors > 0.0 { Some(RED) } else { None })?;
        }
        self.more(routes)
    }

    fn backends(&mut self, backends: &Value) -> std::fmt::Result {
        self.title(&format!(
            "{:<28} {:>5} {:>4} {:>7} {:>8} {:>5}  {}",
            "BACKEND", "INST", "ILL", "DRAINED", "REQUESTS", "IDLE", "BREAKER"
        ))?;
        for backend in some(backends) {
            let breaker = breaker(backend);
            let line = format!(
                "{:<28} {:>5} {:>4} {:>7} {:>8} {:>5}  {breaker}",
                name(&backend["name"]),
                text(&backend["endpoints"]),
                text(&backend["ill"]),
                text(&backend["drained"]),
                text(&backend["requests"]),
                text(&backend["idle_connections"]),
            );
            let colour = match backend["breaker"].as_str() {
                Some("open" | "forced-open" | "isolated") => Some(RED),
                Some("half-open" | "recovering" | "forced-closed") => Some(YELLOW),
                _ => None,
            };
            self.line(&line, colour)?;
        }
        self.more(backends)
    }

    fn bulkheads(&mut self, bulkheads: &Value) -> std::fmt::Result {
        let bulkheads = bulkheads.as_object().filter(|bulkheads| !bulkheads.is_empty());
        let Some(bulkheads) = bulkheads else { return Ok(()) };
        self.title(&format!("{:<28} {:>8} {:>8} {:>9}", "LIMIT OF", "IN", "WAITING", "REFUSED"))?;
        for (backend, state) in bulkheads.iter().take(LINES_MAX) {
            let (calls, waiting) = (text(&state["calls"]), text(&state["waiting"]));
            let refused = text(&state["rejected"]);
            writeln!(self.out, "{backend:<28} {calls:>8} {waiting:>8} {refused:>9}")?;
        }
        Ok(())
    }

    fn rates(&mut self, limits: &Value) -> std::fmt::Result {
        let rates = limits["rates"].as_object().filter(|rates| !rates.is_empty());
        let Some(rates) = rates else { return Ok(()) };
        self.title(&format!("{:<28} {:>8} {:>14}", "RATE", "KEYS", "TOO MANY/S"))?;
        for (name, rate) in rates.iter().take(LINES_MAX) {
            let (keys, over) = (text(&rate["keys"]), text(&rate["exceeded_per_second"]));
            writeln!(self.out, "{name:<28} {keys:>8} {over:>14}")?;
        }
        for (name, up) in limits["redis_up"].as_object().into_iter().flatten() {
            let state = if *up == true { "up" } else { "down: each gateway for itself" };
            writeln!(self.out, "redis {name:<22} {state}")?;
        }
        Ok(())
    }

    fn steered(&mut self, figures: &Value) -> std::fmt::Result {
        if some(&figures["canaries"]).next().is_some() {
            self.title(&format!(
                "{:<28} {:<12} {:>8}  {}",
                "CANARY", "STATE", "PERCENT", "LAST FOUND"
            ))?;
        }
        for canary in some(&figures["canaries"]) {
            let frozen = canary["frozen"] == true;
            let state = if frozen { "frozen".to_owned() } else { text(&canary["state"]) };
            let line = format!(
                "{:<28} {state:<12} {:>8}  {}",
                name(&canary["route"]),
                text(&canary["percent"]),
                text(&canary["found_last"]),
            );
            let colour = match state.as_str() {
                "rolled_back" => Some(RED),
                "frozen" => Some(YELLOW),
                _ => None,
            };
            self.line(&line, colour)?;
        }
        if some(&figures["switches"]).next().is_some() {
            self.title(&format!("{:<28} {:<12} {}", "BLUE/GREEN", "ACTIVE", "BACKENDS"))?;
        }
        for switch in some(&figures["switches"]) {
            let (route, active) = (name(&switch["route"]), text(&switch["active"]));
            let (blue, green) = (text(&switch["blue"]), text(&switch["green"]));
            writeln!(self.out, "{route:<28} {active:<12} {blue} / {green}")?;
        }
        if some(&figures["mirrors"]).next().is_some() {
            self.title(&format!(
                "{:<28} {:<16} {:>8} {:>9} {:>10}",
                "MIRROR", "TO", "WAITING", "COMPARED", "DIFFERING"
            ))?;
        }
        for mirror in some(&figures["mirrors"]) {
            let line = format!(
                "{:<28} {:<16} {:>8} {:>9} {:>10}",
                name(&mirror["route"]),
                name(&mirror["to"]),
                text(&mirror["waiting"]),
                text(&mirror["compared"]),
                text(&mirror["fields_differing"]),
            );
            let differs = mirror["fields_differing"].as_u64().unwrap_or_default() > 0;
            self.line(&line, if differs { Some(YELLOW) } else { None })?;
        }
        Ok(())
    }

    fn title(&mut self, title: &str) -> std::fmt::Result {
        writeln!(self.out)?;
        self.line(title, Some(BOLD))
    }

    fn line(&mut self, line: &str, colour: Option<&str>) -> std::fmt::Result {
        let line = line.trim_end();
        match colour.filter(|_| self.coloured) {
            Some(colour) => writeln!(self.out, "{colour}{line}{PLAIN}"),
            None => writeln!(self.out, "{line}"),
        }
    }

    fn more(&mut self, list: &Value) -> std::fmt::Result {
        let number = list.as_array().map_or(0, Vec::len);
        match number.checked_sub(LINES_MAX) {
            Some(more) if more > 0 => writeln!(self.out, "… and {more} more"),
            _ => Ok(()),
        }
    }
}

/// A breaker with its countdown or its step.
fn breaker(backend: &Value) -> String {
    let state = backend["breaker"].as_str().unwrap_or("-");
    let observes = if backend["breaker_mode"] == "observe" { " (observing)" } else { "" };
    let more = match state {
        "open" => format!(", probes in {}", text(&backend["probes_in"])),
        "recovering" => {
            let step = backend["recovery_step"].as_u64().unwrap_or_default() + 1;
            let share = backend["recovery_share"].as_f64().unwrap_or_default() * 100.0;
            format!(", step {step} at {share:.0} %")
        }
        "closed" => match backend["failures_in_a_row"].as_u64() {
            Some(failures) if failures > 0 => format!(", {failures} failures in a row"),
            _ => String::new(),
        },
        _ => String::new(),
    };
    format!("{state}{more}{observes}")
}

fn some(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten().take(LINES_MAX)
}

fn name(value: &Value) -> String {
    text(value).chars().take(NAME_MAX).collect()
}

/// What is not there is a dash; what a terminal would obey is left out.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.chars().filter(|letter| !letter.is_control()).collect(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
