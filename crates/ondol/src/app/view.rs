//! `view list`, `view rebuild`, `view verify`.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ondol_runtime::{Running, Supervisor, ViewControl};
use ondol_views::{DocumentKey, Extent, Phase, Verified, ViewId, ViewStatus};
use serde_json::json;

use super::command::{ViewVerb, WhichView};
use super::failure::Failure;
use super::{App, serve, service, tables};
use crate::adapters::Adapters;
use crate::config::nearest;
use crate::{Config, Output, Stage};

/// How long a view may take to catch up before it is compared.
const CATCH_UP_LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// How often it is looked how far a rebuild is.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(super) fn run(app: &App, config: &Config, verb: ViewVerb) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|source| serve::not_set_up("its threads", source))?;
    runtime.block_on(async {
        match verb {
            ViewVerb::List { service, how } => {
                list(app, config, service.as_slice(), how.output).await
            }
            ViewVerb::Rebuild { which, key } => rebuild(app, config, which, key).await,
            ViewVerb::Verify { which, sample } => verify(app, config, which, sample).await,
        }
    })
}

async fn list(app: &App, config: &Config, names: &[String], output: Output) -> Result<(), Failure> {
    let adapters = Adapters::new(config.clone());
    let (mut values, mut rows) = (Vec::new(), Vec::new());
    for hosted in service::chosen(app, names)? {
        let name = hosted.service.name();
        for status in adapters.views_of(name).await?.list().await? {
            values.push(told(name, &status));
            rows.push(row(name, &status));
        }
    }
    let head = ["SERVICE", "VIEW", "SERVES", "DOCUMENTS", "PARKED", "FOLDED"];
    Ok(tables::write(output, &values, head, &rows)?)
}

fn row(service: &str, status: &ViewStatus) -> [String; 6] {
    let folded = status.checkpoints.iter().map(|one| one.checkpoint.position.to_string());
    [
        service.to_owned(),
        status.definition.id.to_string(),
        if status.is_serving { "yes" } else { "no" }.to_owned(),
        status.documents.to_string(),
        status.parked.to_string(),
        folded.collect::<Vec<_>>().join(" "),
    ]
}

fn told(service: &str, status: &ViewStatus) -> serde_json::Value {
    json!({
        "service": service,
        "view": status.definition.id.to_string(),
        "is_serving": status.is_serving,
        "documents": status.documents,
        "parked": status.parked,
        "checkpoints": status.checkpoints.iter().map(|one| json!({
            "log": one.source,
            "position": one.checkpoint.position,
        })).collect::<Vec<_>>(),
    })
}

/// A service that runs for the sake of one of its views.
struct Workshop {
    stage: Stage,
    supervisor: Supervisor,
    control: Arc<dyn ViewControl>,
}

impl Workshop {
    async fn open(app: &App, config: &Config, which: &WhichView) -> Result<Self, Failure> {
        let chosen = service::chosen(app, std::slice::from_ref(&which.service))?;
        let supervisor = Supervisor::new();
        let stage = serve::raise(app, config, chosen, &supervisor).await?;
        let unknown =
            |suggestion| Failure::Unknown { what: "view", name: which.view.clone(), suggestion };
        let running = stage.services.first().ok_or_else(|| unknown(None))?;
        let control = running.view_control(&which.view).map_err(|_no_such_view| {
            let known = running.description().views.iter().map(|view| view.view);
            unknown(nearest(&which.view, known))
        })?;
        Ok(Self { stage, supervisor, control })
    }

    fn running(&self) -> &Running {
        self.stage.services.first().expect("it was opened for a service")
    }

    /// Does something unless the view cannot be folded.
    async fn working<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            done = work => done,
            () = self.supervisor.stopping() => {
                let failed = self.supervisor.failure().map(Failure::Task);
                Err(failed.unwrap_or_else(|| Failure::Output(io::ErrorKind::Interrupted.into())))
            }
        }
    }

    async fn close(self) -> Result<(), Failure> {
        self.supervisor.shut_down().await.map_err(Failure::Task)
    }
}

async fn rebuild(
    app: &App,
    config: &Config,
    which: WhichView,
    key: Option<String>,
) -> Result<(), Failure> {
    let workshop = Workshop::open(app, config, &which).await?;
    let work = async {
        workshop.running().caught_up(CATCH_UP_LONGEST).await?;
        match key {
            Some(key) => {
                let key = DocumentKey::new(key).map_err(|error| Failure::Process {
                    what: "the key of the document",
                    source: error.into(),
                })?;
                workshop.control.rebuild_key(key.clone()).await?;
                Ok(key.to_string())
            }
            None => {
                let build = workshop.control.rebuild().await?;
                until_it_serves(workshop.control.as_ref(), &build).await;
                Ok(build.to_string())
            }
        }
    };
    let rebuilt = workshop.working(work).await?;
    let value = json!({ "rebuilt": rebuilt });
    tables::write(which.how.output, &value, ["REBUILT"], &[[rebuilt]])?;
    workshop.close().await
}

/// Shows how far a build is until it has taken the place of the other.
async fn until_it_serves(control: &dyn ViewControl, build: &ViewId) {
    let is_watched = io::stderr().is_terminal();
    let target =
        if is_watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style =
        ProgressStyle::with_template("{bar:32} {human_pos}/{human_len} events  {eta} to go");
    let bar = ProgressBar::with_draw_target(Some(0), target)
        .with_style(style.expect("the template is well formed"));
    loop {
        let standing = control.progress();
        let serves = standing.first().is_some_and(|first| {
            first.view == *build && matches!(first.phase, Phase::Live | Phase::CatchingUp)
        });
        if serves {
            return bar.finish_and_clear();
        }
        if let Some(one) = standing.iter().find(|one| one.view == *build) {
            let done = one.checkpoints.first().map_or(0, |one| one.checkpoint.position.get());
            bar.set_length(done.saturating_add(one.behind.unwrap_or_default()));
            bar.set_position(done);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn verify(
    app: &App,
    config: &Config,
    which: WhichView,
    sample: Option<u64>,
) -> Result<(), Failure> {
    let workshop = Workshop::open(app, config, &which).await?;
    let extent = match sample {
        Some(documents) => Extent::Sample { documents, seed: seed(workshop.running()) },
        None => Extent::Whole,
    };
    let work = async {
        workshop.running().caught_up(CATCH_UP_LONGEST).await?;
        Ok(workshop.control.verify(extent).await?)
    };
    let verified = workshop.working(work).await?;
    tell(&verified, which.how.output)?;
    workshop.close().await?;
    if verified.is_equal() {
        return Ok(());
    }
    let (view, differing) = (verified.view.to_string(), verified.differing);
    Err(Failure::Differs { view, differing })
}

fn seed(running: &Running) -> u64 {
    running.home().ground.rng.number()
}

fn tell(verified: &Verified, output: Output) -> io::Result<()> {
    let differences = verified.differences.iter();
    let differences: Vec<_> =
        differences.map(|one| json!({ "key": one.key, "how": format!("{:?}", one.how) })).collect();
    let value = json!({
        "view": verified.view.to_string(),
        "documents": verified.documents,
        "events": verified.events,
        "differing": verified.differing,
        "differences": differences,
    });
    let row = [
        verified.view.to_string(),
        verified.documents.to_string(),
        verified.events.to_string(),
        verified.differing.to_string(),
    ];
    tables::write(output, &value, ["VIEW", "DOCUMENTS", "EVENTS", "DIFFERING"], &[row])?;
    if output == Output::Table && !verified.is_equal() {
        let rows: Vec<_> = verified
            .differences
            .iter()
            .map(|one| [one.key.to_string(), format!("{:?}", one.how)])
            .collect();
        tables::write(output, &value, ["DIFFERS", "HOW"], &rows)?;
    }
    Ok(())
}
