//! All services of an app as they run, and the one router in front of them. Nothing here opens a
//! port or a file: a test raises the same stage over stores in memory.

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Router};
use ondol_http::{
    Health, Idempotency, IdempotencyOptions, Json, LISTENERS_MAX, Live, Problem, Requests,
    keyed_once, shared_description, traced,
};
use ondol_runtime::{Home, NotPart, Running, ServiceOptions, StartServiceError, Supervisor};
use ondol_store::BoxError;
use tokio::sync::watch;
use utoipa_axum::router::OpenApiRouter;

use crate::between::Between;
use crate::{App, Hosted, asyncapi, watch as health};

/// All services of an app as they run.
#[derive(Debug)]
pub struct Stage {
    /// The services, in the order in which the app names them.
    pub services: Vec<Running>,
    /// What answers requests.
    pub router: Router,
    /// How everything stands.
    pub health: Health,
    /// Tells those who wait for something to happen that they need not wait any longer.
    pub(crate) no_more_waiting: watch::Sender<bool>,
}

/// Why a service could not be brought up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaiseError {
    /// It was not started.
    #[error("the service {service:?} was not started")]
    Start {
        /// Which one.
        service: String,
        /// Why not.
        #[source]
        source: StartServiceError,
    },
    /// What it answers besides its commands could not be made.
    #[error("the service {service:?} could not be set up")]
    Front {
        /// Which one.
        service: String,
        /// Why not.
        #[source]
        source: BoxError,
    },
    /// Its routes name a part that it does not have.
    #[error("the routes do not fit the service")]
    Routes(#[from] NotPart),
}

impl RaiseError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Start { source, .. } => source.code(),
            Self::Front { .. } => "service-set-up",
            Self::Routes(_) => "service-routes",
        }
    }
}

impl Stage {
    /// Brings up services, each in its home, working as the options say, or as each says itself.
    ///
    /// # Errors
    /// When one of them does not hold together.
    pub fn raise(
        app: &App,
        homes: Vec<(&Hosted, Home)>,
        options: Option<&ServiceOptions>,
        supervisor: &Supervisor,
    ) -> Result<Self, RaiseError> {
        Self::raise_among(app, homes, options, &Between::default(), supervisor)
    }

    /// The same, among services of other processes.
    ///
    /// # Errors
    /// When one of them does not hold together.
    pub fn raise_among(
        app: &App,
        homes: Vec<(&Hosted, Home)>,
        options: Option<&ServiceOptions>,
        between: &Between,
        supervisor: &Supervisor,
    ) -> Result<Self, RaiseError> {
        // Nobody asks a service of this process before it is there.
        let held_back = supervisor.hold_back();
        let mut fronts = OpenApiRouter::new();
        let clock = homes.first().map(|(_, home)| home.ground.clock.clone());
        let mut services = Vec::with_capacity(homes.len());
        let mut routes = OpenApiRouter::with_openapi(shared_description());
        for (hosted, home) in homes {
            let options = options.unwrap_or_else(|| hosted.service.service_options());
            let neighbours = between.directory(hosted.service.name(), &home.ground.clock);
            let duty = between.duty_of(hosted.service.name());
            let among = (&neighbours, &duty);
            let started = hosted.service.start_on_duty(&home, options, among, supervisor);
            let running = started.map_err(|source| RaiseError::Start {
                service: hosted.service.name().to_owned(),
                source,
            })?;
            if let Some(make) = hosted.routes {
                routes = routes.merge(make(&running)?);
            }
            if let Some(make) = &hosted.front {
                let name = hosted.service.name();
                let front = make(&running, &between.settings_of(name));
                let failed = |source| RaiseError::Front { service: name.to_owned(), source };
                fronts = fronts.merge(front.map_err(failed)?);
            }
            services.push(running);
        }
        Between::introduce(&services);
        drop(held_back);
        let (router, mut description) = routes.split_for_parts();
        let (fronts, of_fronts) = fronts.split_for_parts();
        description.merge(of_fronts);
        app.name().clone_into(&mut description.info.title);
        app.version().clone_into(&mut description.info.version);
        description.info.license = None;
        let mut router = router;
        let (no_more_waiting, stop) = watch::channel(false);
        let mut fronts = fronts;
        let requests = clock.clone().map(Requests::timed_by);
        if let Some((clock, requests)) = clock.zip(requests.clone()) {
            let traced = from_fn_with_state(requests, traced);
            fronts = fronts.layer(traced.clone());
            let book = Idempotency::new(IdempotencyOptions::default(), Arc::clone(&clock));
            router = router.layer(from_fn_with_state(book, keyed_once));
            let live = Live::new(Arc::clone(&clock), LISTENERS_MAX, stop.clone());
            router = router.layer(Extension(live));
            // What services of other processes read and ask has the spans of those who deal with it.
            router = router.layer(traced);
            router = router.merge(between.router(&services, clock, stop));
        }
        let told = services.iter().map(Running::description);
        let told = asyncapi::document((app.name(), app.version()), told);
        let telling = move || {
            let told = told.clone();
            async move { Json(told) }
        };
        let description = move || {
            let description = description.clone();
            async move { Json(description) }
        };
        let router = router
            .merge(fronts)
            .route("/openapi.json", get(description))
            .route("/asyncapi.json", get(telling))
            .fallback(|| async { Problem::no_such_path() })
            .method_not_allowed_fallback(|| async { Problem::no_such_method() });
        let health = health::health(&services, requests);
        Ok(Self { services, router, health, no_more_waiting })
    }

    /// The service of this name.
    pub fn service(&self, name: &str) -> Option<&Running> {
        self.services.iter().find(|running| running.description().service == name)
    }
}
