//! Where an order for a view is carried out: by the service, if it runs and answers at its admin
//! port; otherwise here, by the same service brought up for nothing else.

use std::io;
use std::time::Duration;

use ondol_runtime::{Running, Supervisor};

use super::super::command::WhichView;
use super::super::failure::Failure;
use super::super::{App, admin, serve, service};
use crate::views::{self, BuildBody, OrderBody, OrderedBody};
use crate::{Config, Stage};

/// How long a view may take to catch up before anything is done with it.
const CATCH_UP_LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Where orders for a view are carried out.
pub(super) struct Workshop {
    view: String,
    place: Place,
}

enum Place {
    /// Here, by a service that runs for the sake of its views.
    Here { stage: Stage, supervisor: Supervisor },
    /// In the process that runs the service.
    There { config: Box<Config>, path: String, service: String },
}

impl Workshop {
    pub(super) async fn open(
        app: &App,
        config: &Config,
        which: &WhichView,
    ) -> Result<Self, Failure> {
        let chosen = service::chosen(app, std::slice::from_ref(&which.service))?;
        let (service, view) = (which.service.clone(), which.view.clone());
        if admin::is_running(config, &service).await {
            let path = format!("/views/{}/{}", admin::escaped(&service), admin::escaped(&view));
            let place = Place::There { config: Box::new(config.clone()), path, service };
            return Ok(Self { view, place });
        }
        let supervisor = Supervisor::new();
        let stage = serve::raise(app, config, chosen, &supervisor).await?;
        let workshop = Self { view, place: Place::Here { stage, supervisor } };
        if let Some(running) = workshop.running() {
            // A view that is not there is told at once, not once all others have caught up.
            views::known(running, &workshop.view)?;
            let caught_up = async { Ok(running.caught_up(CATCH_UP_LONGEST).await?) };
            workshop.watch(caught_up).await?;
        }
        Ok(workshop)
    }

    /// Orders something of the view.
    pub(super) async fn order(&self, order: OrderBody) -> Result<OrderedBody, Failure> {
        match &self.place {
            Place::There { config, path, .. } => admin::post(config, path, &order).await,
            Place::Here { stage, .. } => {
                let running = stage.services.first().ok_or_else(stopped)?;
                let done = async { Ok(views::order(running, &self.view, order).await?) };
                self.watch(done).await
            }
        }
    }

    /// How each build of the view stands.
    pub(super) async fn builds(&self) -> Result<Vec<BuildBody>, Failure> {
        let mut builds = match &self.place {
            Place::There { config, service, .. } => {
                let all: Vec<BuildBody> = admin::get(config, "/views").await?;
                all.into_iter().filter(|build| build.service == *service).collect()
            }
            Place::Here { .. } => self.running().map(views::builds).unwrap_or_default(),
        };
        builds.retain(|build| build.view == self.view);
        Ok(builds)
    }

    /// Does something unless the view cannot be folded.
    pub(super) async fn watch<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Place::Here { supervisor, .. } = &self.place else { return work.await };
        tokio::select! {
            done = work => done,
            () = supervisor.stopping() => {
                Err(supervisor.failure().map_or_else(stopped, Failure::Task))
            }
        }
    }

    pub(super) async fn close(self) -> Result<(), Failure> {
        match self.place {
            Place::Here { supervisor, .. } => supervisor.shut_down().await.map_err(Failure::Task),
            Place::There { .. } => Ok(()),
        }
    }

    fn running(&self) -> Option<&Running> {
        match &self.place {
            Place::Here { stage, .. } => stage.services.first(),
            Place::There { .. } => None,
        }
    }
}

fn stopped() -> Failure {
    Failure::Output(io::ErrorKind::Interrupted.into())
}
