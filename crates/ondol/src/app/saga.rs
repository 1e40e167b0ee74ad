//! `saga …`: sagas are found, told of, drawn, checked, and have something done with them. They are
//! looked at whether the service runs or not. An order goes to the process that runs; where none
//! does it is recorded, and whoever runs the service next does it.

mod check;
mod list;
mod picture;
mod verb;

use std::io::{self, Write};

use ondol_domain::SagaShape;
use ondol_runtime::Home;
use ondol_saga::{
    Definitions, OrderSagaError, SagaEngine, SagaGround, SagaOptions, SagaPart, Sagas,
};
use serde_json::Value;

use super::failure::Failure;
use super::{App, admin, serve, service, tables};
use crate::Config;
use crate::adapters::{Adapters, OpenError};
use crate::sagas::{OrderBody, What, stream_of};

use list::Wanted;
pub(super) use verb::SagaVerb;
use verb::{DrawnAs, Which};

/// Who is said to have given an order on the command line.
const BY: &str = "an operator";
/// What is said when somebody else has the log.
const HELD: &str = "log-held";

pub(super) fn run(app: &App, config: &Config, verb: SagaVerb) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|source| serve::not_set_up("its threads", source))?;
    runtime.block_on(async {
        match verb {
            SagaVerb::List { service, state, step, saga, older_than, limit, after, how } => {
                let state = state.map(Into::into);
                let wanted = Wanted { state, step, saga, older_than, limit, after };
                list::run(app, config, &service, &wanted, how.output).await
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
            SagaVerb::Draw { service, saga, format } => {
                draw(app, &service, saga.as_deref(), format)
            }
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

fn draw(app: &App, name: &str, saga: Option<&str>, format: DrawnAs) -> Result<(), Failure> {
    let definitions = definitions(app, name)?;
    let all = definitions.all_newest();
    let known = all.iter().map(|definition| definition.shape().name.as_str());
    if let Some(saga) = saga
        && definitions.newest(saga).is_none()
    {
        let suggestion = crate::config::nearest(saga, known);
        return Err(Failure::Unknown { what: "saga", name: saga.to_owned(), suggestion });
    }
    let shapes = all.iter().map(|definition| definition.shape());
    let wanted = shapes.filter(|shape| saga.is_none_or(|saga| saga == shape.name));
    let drawn = match format {
        DrawnAs::Mermaid => wanted.map(SagaShape::draw).collect(),
        DrawnAs::Svg => picture::picture(wanted),
    };
    Ok(io::stdout().lock().write_all(drawn.as_bytes())?)
}
