//! `view list`, `view rebuild`, `view swap`, `view verify`.

mod bar;
mod list;
mod workshop;

use std::io;

use serde_json::json;

use super::command::{ViewVerb, WhichView};
use super::failure::Failure;
use super::{App, serve, tables};
use crate::views::{OrderBody, OrderedBody, VerifiedBody};
use crate::{Config, Output};

use workshop::Workshop;

pub(super) fn run(app: &App, config: &Config, verb: ViewVerb) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|source| serve::not_set_up("its threads", source))?;
    runtime.block_on(async {
        match verb {
            ViewVerb::List { service, how } => {
                list::list(app, config, service.as_slice(), how.output).await
            }
            ViewVerb::Rebuild { which, key: Some(key) } => {
                rebuild_key(app, config, which, key).await
            }
            ViewVerb::Rebuild { which, key: None } => rebuild(app, config, which).await,
            ViewVerb::Swap { which, build } => swap(app, config, which, build).await,
            ViewVerb::Verify { which, sample } => verify(app, config, which, sample).await,
        }
    })
}

async fn rebuild(app: &App, config: &Config, which: WhichView) -> Result<(), Failure> {
    let workshop = Workshop::open(app, config, &which).await?;
    let begun = workshop.order(OrderBody::Rebuild).await?;
    let build = begun.build.unwrap_or_default();
    workshop.watch(bar::until_it_serves(&workshop, &build)).await?;
    let value = json!({ "rebuilt": build });
    tables::write(which.how.output, &value, ["REBUILT"], &[[build]])?;
    workshop.close().await
}

async fn rebuild_key(
    app: &App,
    config: &Config,
    which: WhichView,
    key: String,
) -> Result<(), Failure> {
    let workshop = Workshop::open(app, config, &which).await?;
    let done = workshop.order(OrderBody::RebuildKey { key: key.clone() }).await?;
    let value = json!({ "rebuilt": key, "parked": done.parked });
    let parked = done.parked.unwrap_or_else(|| "no".to_owned());
    tables::write(which.how.output, &value, ["REBUILT", "PARKED"], &[[key, parked]])?;
    workshop.close().await
}

async fn swap(
    app: &App,
    config: &Config,
    which: WhichView,
    build: Option<String>,
) -> Result<(), Failure> {
    let workshop = Workshop::open(app, config, &which).await?;
    let OrderedBody { build, .. } = workshop.order(OrderBody::Swap { build }).await?;
    let build = build.unwrap_or_default();
    tables::write(which.how.output, &json!({ "serves": build }), ["SERVES"], &[[build]])?;
    workshop.close().await
}

async fn verify(
    app: &App,
    config: &Config,
    which: WhichView,
    sample: Option<u64>,
) -> Result<(), Failure> {
    let workshop = Workshop::open(app, config, &which).await?;
    let asked = workshop.order(OrderBody::Verify { sample });
    let done = bar::turning("comparing with a replay", asked).await?;
    workshop.close().await?;
    let verified = done.verified.ok_or_else(|| {
        let nothing = io::Error::from(io::ErrorKind::InvalidData);
        Failure::Admin(nothing)
    })?;
    tell(&verified, which.how.output)?;
    if verified.differing == 0 {
        return Ok(());
    }
    let VerifiedBody { view, differing, .. } = verified;
    Err(Failure::Differs { view, differing })
}

fn tell(verified: &VerifiedBody, output: Output) -> io::Result<()> {
    let row = [
        verified.view.clone(),
        verified.documents.to_string(),
        verified.events.to_string(),
        verified.differing.to_string(),
    ];
    tables::write(output, verified, ["VIEW", "DOCUMENTS", "EVENTS", "DIFFERING"], &[row])?;
    if output == Output::Table && verified.differing > 0 {
        let differences = verified.differences.iter();
        let rows: Vec<_> = differences.map(|one| [one.key.clone(), one.how.clone()]).collect();
        tables::write(output, verified, ["DIFFERS", "HOW"], &rows)?;
    }
    Ok(())
}
