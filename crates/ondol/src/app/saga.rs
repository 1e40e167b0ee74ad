//! `saga …`: sagas are found, told of, drawn, checked, and have something done with them. They are
//! looked at whether the service runs or not. An order goes to the process that runs; where none
//! does it is recorded, and whoever runs the service next does it.

mod check;
mod verb;

use std::io::{self, Write};
use std::time::Duration;

use ondol_doors::Clock;
use ondol_kernel::Timestamp;
use ondol_runtime::{Home, Service};
use ondol_saga::{
    Definitions, OrderSagaError, SagaEngine, SagaEntry, SagaGround, SagaOptions, SagaPart, Sagas,
};
use ondol_views::{Documents, Find, Found, LoadError, QueryError};
use serde_json::{Value, json};

use super::failure::Failure;
use super::{App, admin, serve, service, tables};
use crate::adapters::{Adapters, OpenError};
use crate::sagas::{OrderBody, What, stream_of};
use crate::{Config, Output};

pub(super) use verb::SagaVerb;
use verb::Which;

/// Who is said to have given an order on the command line.
const BY: &str = "an operator";
/// How many sagas are looked at, at a time.
const PAGE: usize = 500;
/// What is said when somebody else has the log.
const HELD: &str = "log-held";

/// Which sagas are listed.
struct Wanted {
    state: Option<String>,
    step: Option<String>,
    saga: Option<String>,
    older_than: Option<u64>,
    limit: usize,
}

pub(super) fn run(app: &App, config: &Config, verb: SagaVerb) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|source| serve::not_set_up("its threads", source))?;
    runtime.block_on(async {
        match verb {
            SagaVerb::List { service, state, step, saga, older_than, limit, how } => {
                let wanted = Wanted { state, step, saga, older_than, limit };
                list(app, config, &service, &wanted, how.output).await
            }
            SagaVerb::Show(which) => show(app, config, &which).await,
            SagaVerb::Resume(which) => order(app, config, which, What::Resume).await,
            SagaVerb::Retry { which, step } => {
                order(app, config, which, What::Retry { step }).await
            }
            SagaVerb::Skip { which, step } => order(app, config, which, What::Skip { step }).await,
            SagaVerb::Cancel { which, because } => {
                order(app, config, which, What::Cancel { because }).await
            }
            SagaVerb::Migrate { which, step } => {
                let steps = step.into_iter().collect();
                order(app, config, which, What::Migrate { steps }).await
            }
            SagaVerb::Check { service, against, step, how } => {
                let steps = step.into_iter().collect();
                check::run(app, config, &service, (against, steps), how.output).await
            }
            SagaVerb::Draw { service, saga } => draw(app, &service, saga.as_deref()),
        }
    })
}

/// The definitions that a service runs sagas by.
fn definitions(app: &App, name: &str) -> Result<Definitions, Failure> {
    let chosen = service::chosen(app, &[name.to_owned()])?;
    let part = chosen.first().and_then(|hosted| hosted.service.part_of::<SagaPart>());
    Ok(part.map(|part| part.definitions().clone()).unwrap_or_default())
}

/// The sagas of a home, by nobody driven.
fn sagas(definitions: Definitions, home: Home) -> Result<Sagas, Failure> {
    let ground = SagaGround::alone(home.ground, home.views);
    let engine = SagaEngine::new(SagaOptions::default(), definitions, ground);
    let engine =
        engine.map_err(|error| Failure::Process { what: "the sagas", source: error.into() })?;
    Ok(engine.handle())
}

async fn list(
    app: &App,
    config: &Config,
    name: &str,
    wanted: &Wanted,
    output: Output,
) -> Result<(), Failure> {
    let chosen = service::chosen(app, &[name.to_owned()])?;
    let name = chosen.first().map_or(name, |hosted| Service::name(&hosted.service));
    let adapters = Adapters::new(config.clone());
    let documents =
        Documents::<SagaEntry>::new(adapters.views_of(name).await?).map_err(|error| {
            Failure::Process { what: "the view of the sagas", source: error.into() }
        })?;
    let now = ondol_doors::SystemClock::start().now();
    let found = find(&documents, wanted, now).await?;
    let values: Vec<_> =
        found.iter().map(|one| json!({ "stream": one.key, "saga": one.value })).collect();
    let rows: Vec<_> = found.iter().map(|one| row(one, now)).collect();
    let head = ["SAGA", "STATE", "STEP", "AGE", "BECAUSE"];
    Ok(tables::write(output, &values, head, &rows)?)
}

async fn find(
    documents: &Documents<SagaEntry>,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Vec<Found<SagaEntry>>, Failure> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Failure::Process {
        what: "the sagas cannot be listed",
        source: error,
    };
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let find = match &wanted.state {
            Some(state) => Find::<SagaEntry>::equal("state", state.as_str(), PAGE),
            None => Find::<SagaEntry>::ordered_by("started", PAGE).map(Find::descending),
        };
        let find = find.map_err(|error| failed(error.into()))?;
        let find = match after.take() {
            Some(after) => find.after(after),
            None => find,
        };
        let page = match documents.find(find).await {
            // A service that has never run has begun none.
            Err(QueryError::Load(LoadError::UnknownView { .. })) => return Ok(listed),
            found => found.map_err(|error| failed(error.into()))?,
        };
        listed.extend(page.found.into_iter().filter(|one| wanted.wants(&one.value, now)));
        after = page.next;
        if after.is_none() || listed.len() >= wanted.limit {
            listed.truncate(wanted.limit);
            return Ok(listed);
        }
    }
}

impl Wanted {
    fn wants(&self, entry: &SagaEntry, now: Timestamp) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| Some(wanted) == found)
        };
        let is_old = self
            .older_than
            .is_none_or(|seconds| now.since(entry.started) >= Duration::from_secs(seconds));
        is(&self.step, entry.step.as_deref()) && is(&self.saga, Some(&entry.saga)) && is_old
    }
}

fn row(one: &Found<SagaEntry>, now: Timestamp) -> [String; 5] {
    let SagaEntry { state, step, started, because, .. } = &one.value;
    let key = one.key.as_str();
    [
        key.strip_prefix("saga:").unwrap_or(key).to_owned(),
        state.name().to_owned(),
        step.clone().unwrap_or_default(),
        format!("{} s", now.since(*started).as_secs()),
        because.clone().unwrap_or_default(),
    ]
}

async fn show(app: &App, config: &Config, which: &Which) -> Result<(), Failure> {
    let stream = stream_of(&which.saga)?;
    let missing = || OrderSagaError::Missing { stream: stream.clone() };
    let definitions = definitions(app, &which.service)?;
    let home = Adapters::new(config.clone()).look(&which.service).await?;
    let sagas = sagas(definitions, home.ok_or_else(missing)?)?;
    let timeline = sagas.timeline(&stream).await.map_err(OrderSagaError::from)?;
    if timeline.is_empty() {
        return Err(missing().into());
    }
    let rows: Vec<_> =
        timeline.iter().map(|entry| [entry.time.to_string(), entry.told.clone()]).collect();
    Ok(tables::write(which.how.output, &timeline, ["TIME", "WHAT"], &rows)?)
}

/// Has something done: by the process that runs the service, or here if none does.
async fn order(app: &App, config: &Config, which: Which, what: What) -> Result<(), Failure> {
    let Which { service, saga, how } = which;
    let definitions = definitions(app, &service)?;
    stream_of(&saga)?;
    let body = OrderBody { saga, by: BY.to_owned(), what };
    let last = match Adapters::new(config.clone()).home(&service).await {
        Ok(home) => {
            let last = body.carry_out(&sagas(definitions, home)?).await?;
            serde_json::to_value(last).map_err(io::Error::from)?
        }
        Err(OpenError { code: HELD, .. }) => {
            let path = format!("/sagas/{}", admin::escaped(&service));
            admin::post::<Value>(config, &path, &body).await?
        }
        Err(error) => return Err(error.into()),
    };
    let said = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
    let rows = [[said("time"), said("told")]];
    Ok(tables::write(how.output, &last, ["TIME", "WHAT"], &rows)?)
}

fn draw(app: &App, name: &str, saga: Option<&str>) -> Result<(), Failure> {
    let definitions = definitions(app, name)?;
    let all = definitions.all_newest();
    let known = all.iter().map(|definition| definition.shape().name.as_str());
    if let Some(saga) = saga
        && definitions.newest(saga).is_none()
    {
        let suggestion = crate::config::nearest(saga, known);
        return Err(Failure::Unknown { what: "saga", name: saga.to_owned(), suggestion });
    }
    let mut out = io::stdout().lock();
    for definition in &all {
        let shape = definition.shape();
        if saga.is_none_or(|saga| saga == shape.name) {
            write!(out, "{}", shape.draw())?;
        }
    }
    Ok(())
}
