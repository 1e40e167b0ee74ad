//! Which process of several of one service does what only one may do.

use std::sync::Arc;
use std::time::Duration;

use ondol_lease::{Duty, LeaseName, LeaseStore, Taken, Tenant};
use ondol_lease_postgres::PostgresLeases;
use ondol_runtime::{Home, Supervisor, error_chain};
use ondol_store::BoxError;

use super::{Adapters, OpenError};
use crate::{LogEngine, ViewsEngine};

/// How often a process that cannot share its views asks whether the other has gone.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// Another process runs the service, and what this one would keep of its own is not shared.
#[derive(Debug, thiserror::Error)]
#[error("another process runs the service, and its views are kept where only that one sees them")]
struct HeldByOther;

impl HeldByOther {
    const fn code(&self) -> &'static str {
        "service-held"
    }
}

impl Adapters {
    /// Opens the home of a service, and says whether this process does what only one may do. The
    /// lease is asked for from now on, for as long as the supervisor watches over it.
    pub(crate) async fn shared_home(
        &self,
        service: &str,
        supervisor: &Supervisor,
    ) -> Result<(Home, Duty), OpenError> {
        // A log on the disk is held by one process, and one in memory is seen by no other.
        if self.config.log.engine != LogEngine::Postgres {
            return Ok((self.home(service).await?, Duty::always()));
        }
        let failed = |(code, source)| {
            let service = service.to_owned();
            OpenError { code, what: "lease", service, source }
        };
        let (leases, name) = self.leases(service).await.map_err(failed)?;
        let duty = self.rent(&leases, &name, supervisor).await.map_err(failed)?;
        let fence = leases.fence(name, duty.clone());
        let home = self.home_within(service, Some(fence)).await?;
        Ok((home, duty))
    }

    async fn leases(
        &self,
        service: &str,
    ) -> Result<(PostgresLeases, LeaseName), (&'static str, BoxError)> {
        let url = self.config.postgres.url.expose().to_owned();
        let schema = format!("{}_leases", self.config.postgres.schema_of(service));
        let options =
            ondol_lease_postgres::Options { schema, ..ondol_lease_postgres::Options::at(url) };
        let opened = PostgresLeases::open(options, Arc::clone(&self.clock)).await;
        let leases = opened.map_err(|error| (error.code(), error.into()))?;
        let name =
            LeaseName::new(service).map_err(|error| ("service-description", error.into()))?;
        Ok((leases, name))
    }

    /// Asks for the lease for the first time, so that it is known who holds it, and from now on.
    async fn rent(
        &self,
        leases: &PostgresLeases,
        name: &LeaseName,
        supervisor: &Supervisor,
    ) -> Result<Duty, (&'static str, BoxError)> {
        let holder = self.rng.as_ref().id(self.clock.now());
        let (store, clock) = (Arc::new(leases.clone()), Arc::clone(&self.clock));
        let options = self.config.lease.clone();
        let term = Duration::from_millis(options.term_ms);
        let over = self.clock.running() + 2 * term;
        let first = loop {
            let taken = leases.take(name, holder, term).await;
            let taken = taken.map_err(|error| (error.code(), error.into()))?;
            let is_shared = self.config.views.engine == ViewsEngine::Postgres;
            if is_shared || matches!(taken, Taken::Held(_)) {
                break taken;
            }
            if self.clock.running() >= over {
                return Err((HeldByOther.code(), HeldByOther.into()));
            }
            self.clock.sleep(ASK_EVERY).await;
        };
        let tenant = Tenant::new(options, name.clone(), holder, store, clock)
            .map_err(|error| ("config-invalid", error.into()))?;
        let duty = tenant.duty();
        supervisor.start(&format!("the lease of {name}"), move |mut stop| async move {
            let shutdown = async move {
                // Whoever could stop it is gone, or has done so: either way it ends.
                drop(stop.wait_for(|stop| *stop).await);
            };
            // One that cannot be given back ends by itself.
            tenant.run(shutdown).await.unwrap_or_else(|error| {
                tracing::warn!(error = error_chain(&error), "a lease was not given back");
            });
            Ok(())
        });
        if matches!(first, Taken::Held(_)) {
            duty.begin().await;
        }
        Ok(duty)
    }
}
