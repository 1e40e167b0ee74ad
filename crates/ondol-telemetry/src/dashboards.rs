//! Dashboards for Grafana, made of what a program says at `/metrics`: they cannot name a number that
//! it does not have.

use serde_json::{Value, json};

use crate::exposition::{Family, families};

/// How wide a panel is; two stand side by side.
const WIDE: usize = 12;
/// How high.
const HIGH: usize = 8;

/// A dashboard with a panel for every number whose name begins with one of these, as text.
pub fn dashboard(title: &str, said: &str, begin_with: &[&str]) -> String {
    let families = families(said);
    let is_shown =
        |family: &&Family<'_>| begin_with.iter().any(|begins| family.name.starts_with(begins));
    let panels: Vec<_> = families
        .iter()
        .filter(is_shown)
        .enumerate()
        .map(|(at, family)| panel(at, family))
        .collect();
    let uid = title.to_lowercase().replace(' ', "-");
    let dashboard = json!({
        "title": title,
        "uid": uid,
        "schemaVersion": 39,
        "refresh": "10s",
        "time": { "from": "now-1h", "to": "now" },
        "templating": { "list": [
            { "name": "datasource", "type": "datasource", "query": "prometheus" },
        ] },
        "panels": panels,
    });
    format!("{dashboard:#}\n")
}

fn panel(at: usize, family: &Family<'_>) -> Value {
    let labels = family.samples.first().map(|sample| &sample.labels);
    let labels = labels.into_iter().flatten().map(|(name, _)| *name);
    let labels: Vec<_> = labels.filter(|name| *name != "le").collect();
    let targets: Vec<_> = queries(family, &labels)
        .into_iter()
        .zip('A'..)
        .map(|((query, legend), letter)| {
            json!({ "refId": letter.to_string(), "expr": query, "legendFormat": legend })
        })
        .collect();
    json!({
        "id": at + 1,
        "type": "timeseries",
        "title": family.help,
        "description": family.name,
        "datasource": { "type": "prometheus", "uid": "${datasource}" },
        "fieldConfig": { "defaults": { "unit": unit(family) }, "overrides": [] },
        "gridPos": { "x": at % 2 * WIDE, "y": at / 2 * HIGH, "w": WIDE, "h": HIGH },
        "targets": targets,
    })
}

fn unit(family: &Family<'_>) -> &'static str {
    match family.kind {
        "histogram" if family.name.ends_with("_seconds") => "s",
        "counter" => "ops",
        _ => "short",
    }
}

/// What is asked of Prometheus, and what each line is called.
fn queries(family: &Family<'_>, labels: &[&str]) -> Vec<(String, String)> {
    let name = family.name;
    let by = labels.join(", ");
    let legend =
        labels.iter().map(|label| format!("{{{{{label}}}}}")).collect::<Vec<_>>().join(" ");
    match family.kind {
        "counter" => vec![(format!("sum by ({by}) (rate({name}[5m]))"), legend)],
        "histogram" => {
            let by: Vec<_> = std::iter::once("le").chain(labels.iter().copied()).collect();
            let by = by.join(", ");
            let quantile = |share: &str| {
                format!("histogram_quantile({share}, sum by ({by}) (rate({name}_bucket[5m])))")
            };
            [("0.5", "half"), ("0.99", "99 %")]
                .map(|(share, called)| (quantile(share), format!("{called} {legend}")))
                .to_vec()
        }
        _ => vec![(format!("sum by ({by}) ({name})"), legend)],
    }
}
