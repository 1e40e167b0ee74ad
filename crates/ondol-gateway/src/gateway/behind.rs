//! What is done behind the requests: chores, purges, and what is counted.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use http::Response;

use super::{Call, Core, Record};
use crate::alert::{Notice, WITHIN};
use crate::cache::Purge;
use crate::chore::Chore;
use crate::handle::Peer;
use crate::meter::RouteMeter;
use crate::problem::Problem;

impl Core {
    /// Does what nobody waits for.
    pub(crate) async fn go(&self, chore: Chore) {
        match chore {
            Chore::Refresh(refresh) => self.refresh(*refresh).await,
            Chore::Tell(notice) => self.tell(*notice).await,
        }
    }

    /// Tells someone of an alarm.
    async fn tell(&self, notice: Notice) {
        let Notice { alert, backend, path, ask, body } = notice;
        let peer = Arc::new(Peer::at(SocketAddr::from(([0, 0, 0, 0], 0)), self.no_worker));
        let mut record = Record::nameless(self, &peer);
        let meter = RouteMeter::default();
        let worker = self.no_worker;
        let call =
            Call { ask: &ask, target: &path, body, within: WITHIN, meter: &meter, worker, key: 0 };
        let told = self.call(&backend, call, &mut record).await;
        let status = told.as_ref().map_or_else(Problem::status, Response::status);
        if !status.is_success() {
            self.chores.failed();
            tracing::error!(alert, backend = &*backend.name, %status, "nobody was told of an alarm");
        }
    }

    /// Lets go of stored answers, of one route or of all. How many.
    pub(crate) fn purge(&self, route: Option<&str>, what: &[Purge]) -> u64 {
        let snapshot = self.snapshot.load();
        let caches = snapshot.caches_of(route);
        caches.flat_map(|cache| what.iter().map(|what| cache.purge(what))).sum()
    }

    /// Everything that is counted, as Prometheus reads it.
    pub(crate) fn write_metrics(&self) -> String {
        let mut out = String::new();
        let written = self.meters.write(&mut out).and_then(|()| {
            let dropped = self.log.dropped();
            writeln!(out, "# TYPE ondol_gateway_access_log_dropped_total counter")?;
            writeln!(out, "ondol_gateway_access_log_dropped_total {dropped}")?;
            let dropped = self.chores.dropped();
            writeln!(out, "# TYPE ondol_gateway_chores_dropped_total counter")?;
            writeln!(out, "ondol_gateway_chores_dropped_total {dropped}")?;
            let failed = self.chores.failures();
            writeln!(out, "# TYPE ondol_gateway_webhooks_failed_total counter")?;
            writeln!(out, "ondol_gateway_webhooks_failed_total {failed}")?;
            self.alarms.write(&mut out)?;
            let snapshot = self.snapshot.load();
            snapshot.write_audits(&mut out)?;
            snapshot.write_caches(&mut out)?;
            snapshot.write_backends(&mut out)?;
            snapshot.write_steered(&mut out)?;
            snapshot.write_mirrors(&mut out)?;
            snapshot.write_links(&mut out)
        });
        debug_assert!(written.is_ok(), "a string takes everything");
        out
    }
}
