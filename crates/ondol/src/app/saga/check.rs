//! `saga check`: before a deployment, whether the sagas that are under way could go on.

use std::collections::BTreeMap;

use ondol_kernel::Position;
use ondol_saga::{OrderSagaError, Replay, ReplayFinding, ReplayReport};
use ondol_store::{EventStore, ReadAll};
use serde_json::json;

use super::super::failure::Failure;
use super::super::{App, tables};
use super::definitions;
use crate::adapters::Adapters;
use crate::log::Logs as _;
use crate::{Config, Engines, LogAddress, Output, Purpose};

/// How many events are read at a time.
const PAGE: usize = 5_000;

/// Which histories, and which steps have other names now.
type Against = (Option<LogAddress>, BTreeMap<String, String>);

pub(super) async fn run(
    app: &App,
    config: &Config,
    name: &str,
    (against, steps): Against,
    output: Output,
) -> Result<(), Failure> {
    let definitions = definitions(app, name)?;
    let mut replay = Replay::against(&definitions, &steps)
        .map_err(|error| Failure::Process { what: "the sagas", source: error.into() })?;
    match against {
        Some(address) => {
            let log = Engines::of_machine().open(&address, Purpose::Reading).await;
            let log = log.map_err(|source| Failure::Log { address, source })?;
            all(&*log, &mut replay).await?;
        }
        None => {
            if let Some(home) = Adapters::new(config.clone()).look(name).await? {
                all(&*home.ground.store, &mut replay).await?;
            }
        }
    }
    let report = replay.finish();
    write(&report, output)?;
    if report.misfits > 0 {
        return Err(Failure::Misfits { misfits: report.misfits });
    }
    Ok(())
}

async fn all(log: &dyn EventStore, replay: &mut Replay<'_>) -> Result<(), Failure> {
    let mut after = Position::START;
    loop {
        let page = log.read_all(ReadAll::after(after, PAGE)).await;
        let page = page.map_err(|error| OrderSagaError::Load(error.into()))?;
        for event in page.events {
            replay.take(event).map_err(OrderSagaError::Load)?;
        }
        if page.seen >= page.head {
            return Ok(());
        }
        after = page.seen;
    }
}

fn write(report: &ReplayReport, output: Output) -> std::io::Result<()> {
    let ReplayReport { sagas, ended, misfits, differing, found } = report;
    let value = json!({
        "sagas": sagas,
        "ended": ended,
        "misfits": misfits,
        "differing": differing,
        "found": found,
    });
    let mut rows: Vec<_> = found.iter().flat_map(lines).collect();
    let told = format!(
        "{sagas} sagas, {ended} of them ended: {misfits} cannot go on, {differing} would have \
         asked something else"
    );
    rows.push([String::new(), told]);
    tables::write(output, &value, ["SAGA", "WHAT"], &rows)
}

fn lines(found: &ReplayFinding) -> Vec<[String; 2]> {
    let ReplayFinding { stream, misfits, differences, .. } = found;
    let misfits = misfits.iter().map(|why| format!("cannot go on: {why}"));
    let lines = misfits.chain(differences.iter().map(|how| format!("differs: {how}")));
    lines.map(|line| [stream.key().to_owned(), line]).collect()
}
