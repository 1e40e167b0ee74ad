//! `parked list`, `show`, `retry`, `skip`, `edit`: asked of the services while they run, at their
//! admin port.

pub(super) mod admin;

use serde_json::Value;

use super::command::{ParkedVerb, WhichParked};
use super::failure::Failure;
use super::{serve, tables};
use crate::parked::{Mend, MendBody, MendedBody, ParkedBody};
use crate::{Config, Output};

const HEAD: [&str; 7] = ["SERVICE", "NAME", "UNIT", "POSITION", "TRIES", "WAITING", "REASON"];

pub(super) fn run(config: &Config, verb: ParkedVerb) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| serve::not_set_up("its threads", source))?;
    runtime.block_on(async {
        match verb {
            ParkedVerb::List(how) => {
                let all: Vec<ParkedBody> = admin::get(config, "/parked").await?;
                let rows: Vec<_> = all.iter().map(row).collect();
                Ok(tables::write(how.output, &all, HEAD, &rows)?)
            }
            ParkedVerb::Show(which) => {
                let path = format!("{}?unit={}", which.path(), admin::escaped(&which.unit));
                let shown: Value = admin::get(config, &path).await?;
                let text = serde_json::to_string_pretty(&shown).map_err(std::io::Error::from)?;
                Ok(tables::write(Output::Json, &shown, ["PARKED"], &[[text]])?)
            }
            ParkedVerb::Retry { which, by } => mend(config, which, by, Mend::Retry, None).await,
            ParkedVerb::Skip { which, by } => mend(config, which, by, Mend::Skip, None).await,
            ParkedVerb::Edit { which, by, data } => {
                let data = serde_json::from_str(&data).map_err(|error| Failure::Process {
                    what: "the data that is to take the event's place",
                    source: error.into(),
                })?;
                mend(config, which, by, Mend::Edit, Some(data)).await
            }
        }
    })
}

async fn mend(
    config: &Config,
    which: WhichParked,
    by: String,
    what: Mend,
    data: Option<Value>,
) -> Result<(), Failure> {
    let (path, output) = (which.path(), which.how.output);
    let body = MendBody { unit: which.unit, by, what, data };
    let mended: MendedBody = admin::post(config, &path, &body).await?;
    match &mended.parked {
        Some(parked) => Ok(tables::write(output, &mended, HEAD, &[row(parked)])?),
        None => Ok(tables::write(output, &mended, ["PARKED"], &[["nothing any more".to_owned()]])?),
    }
}

impl WhichParked {
    fn path(&self) -> String {
        format!("/parked/{}/{}", admin::escaped(&self.service), admin::escaped(&self.name))
    }
}

fn row(parked: &ParkedBody) -> [String; 7] {
    let more = if parked.and_more { " and more" } else { "" };
    [
        parked.service.clone(),
        parked.name.clone(),
        parked.unit.clone(),
        parked.position.to_string(),
        parked.tries.to_string(),
        format!("{}{more}", parked.waiting),
        parked.reason.clone(),
    ]
}
