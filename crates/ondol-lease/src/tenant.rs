//! A tenant: takes a lease when it can, renews it, and says whether it holds it now.
//!
//! It says that it holds a lease only as long as the term lasts, counted from before it asked, by
//! its own running clock. That is a courtesy, so that two seldom work at once; what keeps them
//! apart is the epoch of each write.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::Clock;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::duty::{Held, Term};
use crate::{Duty, Holder, Lease, LeaseError, LeaseName, LeaseStore, Taken};

/// How a lease is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantOptions {
    /// Milliseconds that a lease lasts unless it is renewed.
    pub term_ms: u64,
    /// Milliseconds after which it is renewed, or asked for again.
    pub renew_after_ms: u64,
}

/// Why the options cannot be used: every problem there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the options of leases cannot be used: {}", .problems.join("; "))]
pub struct TenantOptionsError {
    /// One sentence each.
    pub problems: Vec<String>,
}

impl Default for TenantOptions {
    fn default() -> Self {
        Self { term_ms: 2_000, renew_after_ms: 400 }
    }
}

impl TenantOptions {
    /// Reports everything that is wrong, at once.
    ///
    /// # Errors
    /// When anything is.
    pub fn validate(&self) -> Result<(), TenantOptionsError> {
        let rules = [
            (self.renew_after_ms == 0, "renew_after_ms is zero"),
            (self.term_ms < 2 * self.renew_after_ms, "term_ms is not twice renew_after_ms"),
        ];
        let broken = rules.iter().filter(|(is_broken, _)| *is_broken);
        let problems: Vec<String> = broken.map(|(_, rule)| (*rule).to_owned()).collect();
        if problems.is_empty() { Ok(()) } else { Err(TenantOptionsError { problems }) }
    }
}

/// Takes a lease when it can, and renews it.
#[derive(Debug)]
pub struct Tenant {
    options: TenantOptions,
    name: LeaseName,
    holder: Holder,
    leases: Arc<dyn LeaseStore>,
    clock: Arc<dyn Clock>,
    held: watch::Sender<Option<Lease>>,
    /// How long the clock has to have been running until what was given is over.
    term: Term,
}

impl Tenant {
    /// One who wants this lease, once the options have been checked.
    ///
    /// # Errors
    /// With everything that is wrong with the options.
    pub fn new(
        options: TenantOptions,
        name: LeaseName,
        holder: Holder,
        leases: Arc<dyn LeaseStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TenantOptionsError> {
        options.validate()?;
        let (held, term) = (watch::Sender::new(None), Term::default());
        Ok(Self { options, name, holder, leases, clock, held, term })
    }

    /// The lease, while it is held.
    pub fn held(&self) -> watch::Receiver<Option<Lease>> {
        self.held.subscribe()
    }

    /// What those are handed who work only while the lease is held.
    pub fn duty(&self) -> Duty {
        let (lease, term) = (self.held.subscribe(), self.term.clone());
        Duty::under(Held { lease, term, clock: Arc::clone(&self.clock) })
    }

    /// Asks for the lease again and again until it is told to stop, and gives it back then.
    ///
    /// # Errors
    /// When the lease cannot be given back; its term ends by itself.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), LeaseError> {
        let mut shutdown = std::pin::pin!(shutdown);
        let pause = Duration::from_millis(self.options.renew_after_ms);
        // How long the clock has to have been running until what was given is no longer held.
        let mut until = Duration::ZERO;
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                () = self.ask(&mut until) => {}
            }
            tokio::select! {
                () = &mut shutdown => break,
                () = self.clock.sleep(pause) => {}
            }
        }
        let held = self.held.send_replace(None);
        match held {
            Some(lease) => self.leases.release(&lease).await,
            None => Ok(()),
        }
    }

    /// Asks once, and gives up at the end of the term that is held: an answer that does not come
    /// must not keep anybody believing.
    async fn ask(&self, until: &mut Duration) {
        let term = Duration::from_millis(self.options.term_ms);
        let asked = self.clock.running();
        let left = until.saturating_sub(asked);
        let patience = if left.is_zero() { term } else { left };
        let answer = tokio::select! {
            biased;
            answer = self.leases.take(&self.name, self.holder, term) => Some(answer),
            () = self.clock.sleep(patience) => None,
        };
        match answer {
            Some(Ok(Taken::Held(lease))) if self.clock.running() < asked + term => {
                *until = asked + term;
                self.term.lasts_until(*until);
                self.say(Some(lease));
            }
            Some(Ok(Taken::ByOther { .. })) => self.say(None),
            // What was given is over already, or nothing is known: it is held to its end only.
            Some(Ok(Taken::Held(_)) | Err(_)) | None => {
                if let Some(Err(error)) = answer {
                    warn!(lease = self.name.as_str(), %error, "a lease was not answered for");
                }
                if *until <= self.clock.running() {
                    self.say(None);
                }
            }
        }
    }

    fn say(&self, held: Option<Lease>) {
        let is_news = self.held.send_if_modified(|before| {
            let is_news = *before != held;
            before.clone_from(&held);
            is_news
        });
        if is_news {
            let epoch = held.map(|lease| lease.epoch.0);
            info!(lease = self.name.as_str(), epoch, "a lease has changed hands");
        }
    }
}
