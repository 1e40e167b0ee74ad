//! `saga list`: sagas as the view has them that they are found by.
//!
//! The view gathers what happens for up to a second before it writes it. So the list waits until
//! all is in it that the log had when it was asked for, and no longer than the view may take; when
//! nobody folds the view meanwhile, or it is further behind, that is said. It comes in pages, those
//! that began last first, whatever state they are listed by; where there are more, it says so.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{Clock, SystemClock};
use ondol_kernel::Timestamp;
use ondol_runtime::Service;
use ondol_saga::{SagaEntry, SagaState};
use ondol_views::{
    Checkpoint, Cursor, Documents, Find, Found, LoadError, QueryError, SourceCheckpoint,
    SourceName, Target, ViewName, ViewStore, WaitError, wait_for,
};
use serde_json::json;

use super::super::failure::Failure;
use super::super::{App, admin, service, tables};
use crate::adapters::Adapters;
use crate::{Config, Output};

/// How many sagas are looked at, at a time.
const PAGE: usize = 500;
/// What is done, should it fail.
const LISTING: &str = "the sagas cannot be listed";
/// How long is waited for the view of a service that runs.
const FOLDED_WITHIN: Duration = Duration::from_secs(5);

/// Which sagas are listed.
pub(super) struct Wanted {
    pub(super) state: Option<SagaState>,
    pub(super) step: Option<String>,
    pub(super) saga: Option<String>,
    pub(super) older_than: Option<u64>,
    pub(super) limit: usize,
    pub(super) after: Option<Cursor>,
}

pub(super) async fn run(
    app: &App,
    config: &Config,
    name: &str,
    wanted: &Wanted,
    output: Output,
) -> Result<(), Failure> {
    let chosen = service::chosen(app, &[name.to_owned()])?;
    let name = chosen.first().map_or(name, |hosted| Service::name(&hosted.service));
    let adapters = Adapters::new(config.clone());
    let clock = SystemClock::start();
    // A service that has never run has begun none, and looking makes no view of them.
    let Listed { found, next } = match adapters.views_there(name).await? {
        None => Listed::default(),
        Some(views) => {
            all_is_in(config, &adapters, name, &views, &clock).await?;
            find(&documents(views)?, wanted, clock.now()).await?
        }
    };
    let values: Vec<_> =
        found.iter().map(|one| json!({ "stream": one.key, "saga": one.value })).collect();
    let rows: Vec<_> = found.iter().map(|one| row(one, clock.now())).collect();
    let head = ["SAGA", "STATE", "STEP", "AGE", "BECAUSE"];
    tables::write(output, &values, head, &rows)?;
    if let Some(next) = next {
        writeln!(io::stderr().lock(), "note: there are more, listed with `--after {next}`")?;
    }
    Ok(())
}

fn documents(views: Arc<dyn ViewStore>) -> Result<Documents<SagaEntry>, Failure> {
    Documents::new(views).map_err(|error| failed("the view of the sagas", error))
}

fn failed(what: &'static str, error: impl Into<ondol_store::BoxError>) -> Failure {
    Failure::Process { what, source: error.into() }
}

/// Waits until all that the log has now is in the view, where somebody folds it; says so if it
/// is not.
async fn all_is_in(
    config: &Config,
    adapters: &Adapters,
    name: &str,
    views: &Arc<dyn ViewStore>,
    clock: &SystemClock,
) -> Result<(), Failure> {
    let Some(home) = adapters.look(name).await? else { return Ok(()) };
    let head = home.ground.store.head().await.map_err(|error| failed("the log", error))?;
    let checkpoint = Checkpoint { epoch: head.epoch, position: head.position };
    let source = SourceName::new(name).map_err(|error| failed("the name of the log", error))?;
    let view = ViewName::new(<SagaEntry as ondol_domain::View>::NAME);
    let target = Target::Serving(view.map_err(|error| failed("the view of the sagas", error))?);
    let asked = SourceCheckpoint { source, checkpoint };
    let within = if admin::is_running(config, name).await { FOLDED_WITHIN } else { Duration::ZERO };
    match wait_for(&**views, clock, &target, &asked, within).await {
        Ok(_) | Err(WaitError::Load(LoadError::UnknownView { .. })) => Ok(()),
        Err(WaitError::NotMet { found, .. }) => {
            let found = found.map_or(0, |found| found.position.get());
            let head = head.position.get();
            let mut out = io::stderr().lock();
            Ok(writeln!(
                out,
                "note: the list has what had happened up to {found} of {head} in the log; \
                 `saga show` reads a saga's own stream"
            )?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Those that were found, and where to go on if there are more.
#[derive(Default)]
struct Listed {
    found: Vec<Found<SagaEntry>>,
    next: Option<Cursor>,
}

async fn find(
    documents: &Documents<SagaEntry>,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Listed, Failure> {
    let mut listed = Listed::default();
    let mut after = wanted.after.clone();
    loop {
        let find = wanted.find(after.take())?;
        let page = match documents.find(find).await {
            Err(QueryError::Load(LoadError::UnknownView { .. })) => return Ok(listed),
            found => found?,
        };
        for one in page.found.into_iter().filter(|one| wanted.wants(&one.value, now)) {
            if listed.found.len() == wanted.limit {
                let last = listed.found.last();
                let all = wanted.find(None)?;
                listed.next = last.map(|last| all.place_after(&last.key, &last.value));
                return Ok(listed);
            }
            listed.found.push(one);
        }
        after = page.next;
        if after.is_none() {
            return Ok(listed);
        }
    }
}

impl Wanted {
    /// A page of those that may be wanted, the last begun first.
    fn find(&self, after: Option<Cursor>) -> Result<Find<SagaEntry>, Failure> {
        let find = match self.state {
            Some(state) => Find::beginning_with("state", &SagaEntry::standing_so(state), PAGE),
            None => Find::ordered_by("started", PAGE),
        };
        let find = find.map_err(|error| failed(LISTING, error))?.descending();
        Ok(match after {
            Some(after) => find.after(after),
            None => find,
        })
    }

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
