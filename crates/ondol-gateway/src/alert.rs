//! What raises an alarm: requests and answers that are written down, held against conditions.
//!
//! Judged by the log's own thread as soon as an answer has gone out. Limits: keys that are counted by
//! themselves, and times of each.

mod condition;
mod decimal;
mod webhook;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use ondol_doors::{Clock, Rng};

use crate::audit::{Audience, Entry};
use crate::backend::Backend;
use crate::chore::{Chore, Chores};
use crate::config::{AlertOptions, OneOrMany};

pub(crate) use condition::Field;
pub(crate) use decimal::is_number;
pub(crate) use webhook::{Notice, WITHIN};

use condition::Condition;
use webhook::Webhook;
use window::Windows;

/// An alarm, and how often it was raised. It outlives configurations that have the same alarm.
pub(crate) struct Alert {
    name: String,
    options: AlertOptions,
    conditions: Vec<Condition>,
    by: Option<Field>,
    windows: Windows,
    webhook: Option<Webhook>,
    raised: Arc<AtomicU64>,
}

/// Why an alarm cannot be made ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AlertError {
    /// The secret that signs what is told cannot be read.
    #[error("the secret of its webhook cannot be read")]
    Secret(#[source] ondol_vault::SecretFileError),
    /// There is nothing in its file.
    #[error("the secret of its webhook is empty")]
    NoSecret,
    /// It is not as it must be, which checking says.
    #[error("it is not as it must be; checking the configuration says why")]
    Malformed,
}

impl Alert {
    /// An alarm, with what was counted by the same one before.
    pub(crate) fn new(
        name: &str,
        options: &AlertOptions,
        before: Option<&Self>,
        backends: &BTreeMap<String, Arc<Backend>>,
    ) -> Result<Self, AlertError> {
        let conditions = options.when.iter().map(Condition::new).collect::<Option<Vec<_>>>();
        let by = options.by.as_deref().map(Field::read);
        if by == Some(None) {
            return Err(AlertError::Malformed);
        }
        let webhook = match &options.webhook {
            None => None,
            Some(webhook) => Some(Webhook::new(webhook, backends)?),
        };
        let same = before.filter(|before| before.options == *options);
        Ok(Self {
            name: name.to_owned(),
            options: options.clone(),
            conditions: conditions.ok_or(AlertError::Malformed)?,
            by: by.flatten(),
            windows: same.map_or_else(Windows::default, |same| same.windows.clone()),
            webhook,
            raised: before.map_or_else(Arc::default, |before| Arc::clone(&before.raised)),
        })
    }

    fn hear(&self, seen: &Seen<'_>, alarms: &Alarms) {
        let options = &self.options;
        let routes = options.route.as_ref().map(OneOrMany::as_slice);
        if routes.is_some_and(|routes| !routes.iter().any(|it| **it == *seen.entry.route)) {
            return;
        }
        if !self.conditions.iter().all(|condition| condition.holds(seen)) {
            return;
        }
        let key = match self.by.as_ref().map(|by| by.value(seen)) {
            None => String::new(),
            Some(Some(key)) => key,
            // What cannot be told apart is not counted together.
            Some(None) => return,
        };
        let now = alarms.clock.running();
        let Some(count) = self.windows.count(&key, now, options) else { return };
        self.raised.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(
            alert = self.name,
            route = &*seen.entry.route,
            count,
            "an alarm: what is written down fits its conditions"
        );
        if let Some(webhook) = &self.webhook {
            let time = alarms.clock.now();
            let id = format!("{:016x}{:016x}", alarms.rng.number(), alarms.rng.number());
            let notice = webhook.notice(&self.name, seen.entry, count, time, id);
            alarms.chores.send(Chore::Tell(Box::new(notice)));
        }
    }
}

/// A request and its answer, its bodies read once for all who ask.
pub(crate) struct Seen<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) asked: Option<crate::json::Json>,
    pub(crate) answered: Option<crate::json::Json>,
}

/// All alarms.
pub(crate) struct Alarms {
    alerts: ArcSwap<Vec<Arc<Alert>>>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    chores: Arc<Chores>,
}

impl Alarms {
    pub(crate) fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>, chores: Arc<Chores>) -> Self {
        Self { alerts: ArcSwap::default(), clock, rng, chores }
    }

    /// From now on these.
    pub(crate) fn renew(&self, alerts: Vec<Arc<Alert>>) {
        self.alerts.store(Arc::new(alerts));
    }

    /// The alarm of this name.
    pub(crate) fn named(&self, name: &str) -> Option<Arc<Alert>> {
        self.alerts.load().iter().find(|alert| alert.name == name).cloned()
    }

    /// Writes what is counted.
    pub(crate) fn write(&self, out: &mut String) -> std::fmt::Result {
        use std::fmt::Write as _;
        let alerts = self.alerts.load();
        if !alerts.is_empty() {
            writeln!(out, "# TYPE ondol_gateway_alerts_total counter")?;
        }
        alerts.iter().try_for_each(|alert| {
            let raised = alert.raised.load(Ordering::Relaxed);
            writeln!(out, "ondol_gateway_alerts_total{{alert=\"{}\"}} {raised}", alert.name)
        })
    }
}

impl Audience for Alarms {
    fn hear(&self, entry: &Entry) {
        let alerts = self.alerts.load();
        if alerts.is_empty() {
            return;
        }
        let answered = entry.answered.as_ref().and_then(|(_, said)| said.json());
        let seen = Seen { entry, asked: entry.asked.json(), answered };
        alerts.iter().for_each(|alert| alert.hear(&seen, self));
    }
}

#[cfg(test)]
mod tests;
