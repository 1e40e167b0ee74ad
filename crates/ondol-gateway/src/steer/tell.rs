//! What is steered, as Prometheus reads it.

use std::fmt::Write;

use super::{Canary, Side};
use crate::snapshot::{Snapshot, Steered};

impl Snapshot {
    /// Where canaries and switches stand.
    pub(crate) fn write_steered(&self, out: &mut String) -> std::fmt::Result {
        let steered = self.routes().iter().filter_map(|it| Some((&*it.name, it.steered()?)));
        let (mut canaries, mut switches) = (Vec::new(), Vec::new());
        for (route, steered) in steered {
            match steered {
                Steered::Canary(canary) => canaries.push((route, canary)),
                Steered::Switch(switch) => switches.push((route, switch)),
            }
        }
        if !canaries.is_empty() {
            writeln!(out, "# TYPE ondol_gateway_canary_percent gauge")?;
            writeln!(out, "# TYPE ondol_gateway_canary_state gauge")?;
            writeln!(out, "# TYPE ondol_gateway_canary_answers_total counter")?;
            writeln!(out, "# TYPE ondol_gateway_canary_judgements_total counter")?;
        }
        for (route, canary) in canaries {
            write_canary(route, canary, out)?;
        }
        if !switches.is_empty() {
            writeln!(out, "# TYPE ondol_gateway_blue_green_active gauge")?;
        }
        for (route, switch) in switches {
            let active = switch.active();
            for colour in [active, active.other()] {
                let (name, on) = (colour.name(), u8::from(colour == active));
                writeln!(
                    out,
                    "ondol_gateway_blue_green_active{{route=\"{route}\",colour=\"{name}\"}} {on}"
                )?;
            }
        }
        Ok(())
    }
}

fn write_canary(route: &str, canary: &Canary, out: &mut String) -> std::fmt::Result {
    let progress = canary.progress();
    let (share, frozen) = (progress.share, u8::from(progress.frozen));
    writeln!(out, "ondol_gateway_canary_percent{{route=\"{route}\"}} {share}")?;
    for stage in ["walking", "promoted", "rolled_back"] {
        let on = u8::from(progress.stage.name() == stage);
        writeln!(out, "ondol_gateway_canary_state{{route=\"{route}\",state=\"{stage}\"}} {on}")?;
    }
    writeln!(out, "ondol_gateway_canary_state{{route=\"{route}\",state=\"frozen\"}} {frozen}")?;
    for side in [Side::Baseline, Side::Candidate] {
        let (good, bad) = canary.totals(side);
        let name = side.name();
        for (outcome, number) in [("good", good), ("bad", bad)] {
            let labels = format!("route=\"{route}\",side=\"{name}\",outcome=\"{outcome}\"");
            writeln!(out, "ondol_gateway_canary_answers_total{{{labels}}} {number}")?;
        }
    }
    for (found, number) in canary.findings() {
        let labels = format!("route=\"{route}\",found=\"{found}\"");
        writeln!(out, "ondol_gateway_canary_judgements_total{{{labels}}} {number}")?;
    }
    Ok(())
}
