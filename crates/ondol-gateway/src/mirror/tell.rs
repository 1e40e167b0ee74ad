//! What mirrors have found out, for people and for Prometheus.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{Mirror, Mirroring, Outcome};
use crate::snapshot::Snapshot;

impl Mirror {
    fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counted = self.counted.iter().zip(Outcome::ALL);
        counted.map(|(counter, (_, name))| (name, counter.load(Ordering::Relaxed)))
    }
}

impl Mirroring {
    /// All that is known.
    pub(crate) fn told(&self, route: &str) -> Value {
        let mirror = &self.mirror;
        let counts = mirror.counts().map(|(name, number)| (name.to_owned(), number.into()));
        json!({
            "route": route,
            "options": self.options,
            "waiting": mirror.queue().len(),
            "copies": counts.collect::<serde_json::Map<_, _>>(),
            "report": mirror.report().told(),
        })
    }
}

impl Snapshot {
    /// What is known of mirrors, as Prometheus reads it.
    pub(crate) fn write_mirrors(&self, out: &mut String) -> std::fmt::Result {
        let mut mirrors = self.routes().iter().filter_map(|it| Some((it, it.mirror.as_ref()?)));
        let Some(first) = mirrors.next() else { return Ok(()) };
        writeln!(out, "# TYPE ondol_gateway_mirror_copies_total counter")?;
        writeln!(out, "# TYPE ondol_gateway_mirror_waiting gauge")?;
        writeln!(out, "# TYPE ondol_gateway_mirror_fields_differing gauge")?;
        for (route, mirroring) in std::iter::once(first).chain(mirrors) {
            let (name, mirror) = (&route.name, &mirroring.mirror);
            for (outcome, number) in mirror.counts() {
                let labels = format!("route=\"{name}\",outcome=\"{outcome}\"");
                writeln!(out, "ondol_gateway_mirror_copies_total{{{labels}}} {number}")?;
            }
            let waiting = mirror.queue().len();
            writeln!(out, "ondol_gateway_mirror_waiting{{route=\"{name}\"}} {waiting}")?;
            let real = mirror.report().real();
            writeln!(out, "ondol_gateway_mirror_fields_differing{{route=\"{name}\"}} {real}")?;
        }
        Ok(())
    }
}
