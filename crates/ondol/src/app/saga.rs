//! `saga …`: sagas are found, told of, drawn, and have something done with them. None is driven
//! here: what was ordered is recorded, and whoever runs the service next does it.

mod verb;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use ondol_doors::Clock;
use ondol_kernel::{StreamId, Timestamp};
use ondol_runtime::Service;
use ondol_saga::{
    Definitions, Order, OrderSagaError, SAGA_KIND, SagaEngine, SagaEntry, SagaGround, SagaOptions,
    SagaPart, Sagas, fits,
};
use ondol_views::{Documents, Find, Found};
use serde_json::json;

use super::failure::Failure;
use super::{App, serve, service, tables};
use crate::adapters::Adapters;
use crate::{Config, Output};

pub(super) use verb::SagaVerb;
use verb::Which;

/// Who is said to have given an order on the command line.
const BY: &str = "an operator";
/// How many sagas are looked at, at a time.
const PAGE: usize = 500;

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
        let by = || BY.to_owned();
        match verb {
            SagaVerb::List { service, state, step, saga, older_than, limit, how } => {
                let wanted = Wanted { state, step, saga, older_than, limit };
                list(app, config, &service, &wanted, how.output).await
            }
            SagaVerb::Show(which) => show(app, config, &which).await,
            SagaVerb::Resume(which) => order(app, config, which, Order::Resume { by: by() }).await,
            SagaVerb::Retry { which, step } => {
                order(app, config, which, Order::Retry { step, by: by() }).await
            }
            SagaVerb::Skip { which, step } => {
                order(app, config, which, Order::Skip { step, by: by() }).await
            }
            SagaVerb::Cancel { which, because } => {
                order(app, config, which, Order::Cancel { because, by: by() }).await
            }
            SagaVerb::Migrate { which, step } => migrate(app, config, which, &step).await,
            SagaVerb::Check { service, how } => check(app, config, &service, how.output).await,
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

/// The sagas of a service that is not running.
async fn sagas(app: &App, config: &Config, name: &str) -> Result<Sagas, Failure> {
    let definitions = definitions(app, name)?;
    let home = Adapters::new(config.clone()).home(name).await?;
    let ground = SagaGround::alone(home.ground, home.views);
    let engine = SagaEngine::new(SagaOptions::default(), definitions, ground);
    let engine =
        engine.map_err(|error| Failure::Process { what: "the sagas", source: error.into() })?;
    Ok(engine.handle())
}

fn stream(which: &Which) -> Result<StreamId, Failure> {
    let key = which.saga.strip_prefix("saga:").unwrap_or(&which.saga);
    StreamId::new(SAGA_KIND, key)
        .map_err(|error| Failure::Process { what: "the name of the saga", source: error.into() })
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
        let page = documents.find(find).await.map_err(|error| failed(error.into()))?;
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
    let stream = stream(which)?;
    let sagas = sagas(app, config, &which.service).await?;
    let timeline = sagas.timeline(&stream).await.map_err(OrderSagaError::from)?;
    if timeline.is_empty() {
        return Err(OrderSagaError::Missing { stream }.into());
    }
    let rows: Vec<_> =
        timeline.iter().map(|entry| [entry.time.to_string(), entry.told.clone()]).collect();
    Ok(tables::write(which.how.output, &timeline, ["TIME", "WHAT"], &rows)?)
}

async fn order(app: &App, config: &Config, which: Which, order: Order) -> Result<(), Failure> {
    let stream = stream(&which)?;
    let sagas = sagas(app, config, &which.service).await?;
    sagas.order(&stream, order).await?;
    told(&sagas, &stream, which.how.output).await
}

async fn migrate(
    app: &App,
    config: &Config,
    which: Which,
    steps: &[String],
) -> Result<(), Failure> {
    let stream = stream(&which)?;
    let pairs = steps.iter().filter_map(|pair| pair.split_once('='));
    let steps: BTreeMap<String, String> =
        pairs.map(|(old, new)| (old.to_owned(), new.to_owned())).collect();
    let sagas = sagas(app, config, &which.service).await?;
    sagas.migrate(&stream, &steps, BY).await?;
    told(&sagas, &stream, which.how.output).await
}

/// What has happened to a saga last.
async fn told(sagas: &Sagas, stream: &StreamId, output: Output) -> Result<(), Failure> {
    let timeline = sagas.timeline(stream).await.map_err(OrderSagaError::from)?;
    let Some(last) = timeline.last() else { return Ok(()) };
    let rows = [[last.time.to_string(), last.told.clone()]];
    Ok(tables::write(output, last, ["TIME", "WHAT"], &rows)?)
}

async fn check(app: &App, config: &Config, name: &str, output: Output) -> Result<(), Failure> {
    let sagas = sagas(app, config, name).await?;
    let wanted =
        Wanted { state: None, step: None, saga: None, older_than: None, limit: usize::MAX };
    let now = ondol_doors::SystemClock::start().now();
    let (mut values, mut rows) = (Vec::new(), Vec::new());
    for one in find(sagas.entries(), &wanted, now).await? {
        let Ok(stream) = one.key.as_str().parse::<StreamId>() else { continue };
        if one.value.is_ended() {
            continue;
        }
        let instance = sagas.find(&stream).await.map_err(OrderSagaError::from)?;
        let Some(instance) = instance else { continue };
        let newest = sagas.definitions().newest(&instance.saga);
        let misfit = match newest {
            None => Some("the service has no such saga".to_owned()),
            Some(newest) => {
                let misfit = fits(&**newest, &instance, &BTreeMap::new()).err();
                misfit.map(|misfit| misfit.problems.join("; "))
            }
        };
        let says = misfit.clone().unwrap_or_else(|| "fits".to_owned());
        values.push(json!({ "stream": one.key, "misfit": misfit }));
        rows.push([one.key.to_string(), says]);
    }
    Ok(tables::write(output, &values, ["SAGA", "FITS"], &rows)?)
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
