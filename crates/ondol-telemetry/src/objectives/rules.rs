//! The same objectives as rules for Prometheus.

use std::fmt::{self, Write as _};
use std::time::Duration;

use ondol_http::REQUEST_SECONDS;

use super::{BURNS, Burn, Objective};

/// Rules that tell of the same as the process itself does, by the same windows and rates.
pub fn prometheus_rules(objectives: &[Objective]) -> String {
    let mut text = String::from("groups:\n");
    for objective in objectives {
        group(objective, &mut text).expect("a text takes what is written to it");
    }
    text
}

fn group(objective: &Objective, text: &mut String) -> fmt::Result {
    let name = quoted(&objective.name);
    writeln!(text, "  - name: {name}\n    rules:")?;
    for burn in BURNS {
        let Burn { severity, long, short, rate } = burn;
        let most = rate * objective.budget();
        let wrong = |window| wrong(objective, window);
        let expr = format!("{} > {most:.9} and {} > {most:.9}", wrong(long), wrong(short));
        writeln!(text, "      - alert: BudgetBurns")?;
        writeln!(text, "        expr: {}", quoted(&expr))?;
        writeln!(text, "        labels:")?;
        writeln!(text, "          severity: {}", severity.word())?;
        writeln!(text, "          objective: {name}")?;
        writeln!(text, "          window: {}", minutes(long))?;
        writeln!(text, "        annotations:")?;
        let summary = format!(
            "{}: the budget is spent at more than {rate} times the rate at which it lasts",
            objective.name
        );
        writeln!(text, "          summary: {}", quoted(&summary))?;
    }
    Ok(())
}

/// Which share went wrong within a window.
fn wrong(objective: &Objective, window: Duration) -> String {
    let mut about = Vec::new();
    let equal = |name: &str, value: &String| format!("{name}={}", quoted(value));
    about.extend(objective.route.as_ref().map(|route| equal("http_route", route)));
    about.extend(objective.method.as_ref().map(|method| equal("http_request_method", method)));
    let sum = |end: &str, more: &[String]| {
        let labels: Vec<_> = about.iter().chain(more).cloned().collect();
        format!(
            "sum(increase({REQUEST_SECONDS}{end}{{{}}}[{}]))",
            labels.join(","),
            minutes(window)
        )
    };
    let ours = "http_response_status_code!~\"5..\"".to_owned();
    let good = match objective.within_ms {
        None => sum("_count", &[ours]),
        Some(ms) => {
            let le = format!("le=\"{}\"", Duration::from_millis(ms).as_secs_f64());
            sum("_bucket", &[ours, le])
        }
    };
    let all = sum("_count", &[]);
    format!("(1 - ({good} or vector(0)) / {all})")
}

fn minutes(window: Duration) -> String {
    format!("{}m", window.as_secs() / 60)
}

/// A text in quotes, as YAML and PromQL both read it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
