//! Tells people of budgets that are spent too fast: once what is told at once has been gathered, again after
//! a while when it goes on, and not of what somebody keeps silent about.
//!
//! What people know is compared with how things stand, rather than every change being passed on: what
//! comes and goes within the time that is gathered for is told to nobody.

mod letter;
mod webhook;

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{Clock, Rng};
use ondol_kernel::{Id, Timestamp};
use ondol_mail::Outbox;
use serde::{Deserialize, Serialize};

use super::{Alert, Severity, Silences, Standing};
pub use webhook::CourierError;
use webhook::Webhook;

/// How many messages wait for a webhook that is away; the oldest goes first.
const WAITING_MAX: usize = 100;

/// Who is told of budgets that are spent too fast, besides the lines that say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertOptions {
    /// For how many seconds is gathered what is told at once.
    pub gather_seconds: u64,
    /// After how many seconds it is told again, if it goes on.
    pub again_seconds: u64,
    /// Who is told over HTTP.
    pub webhook: Option<WebhookOptions>,
    /// Who is told by e-mail.
    pub mail: Option<MailOptions>,
}

/// Who is told over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookOptions {
    /// Where, on this machine: `http://127.0.0.1:9094/alerts`. Nothing here encrypts the way to another.
    pub url: String,
    /// The file of the secret that messages are signed with.
    pub secret_file: PathBuf,
}

/// Who is told by e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailOptions {
    /// To whom.
    pub to: Vec<String>,
    /// From whom.
    #[serde(default = "sender")]
    pub from: String,
    /// A mail server of this machine that takes the letters; without one they stay in the outbox.
    #[serde(default)]
    pub smtp: Option<SocketAddr>,
}

fn sender() -> String {
    "ondol@localhost.localdomain".to_owned()
}

impl Default for AlertOptions {
    /// Half a minute, and four hours.
    fn default() -> Self {
        Self { gather_seconds: 30, again_seconds: 4 * 60 * 60, webhook: None, mail: None }
    }
}

/// What people are told at once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Which one: whoever is told twice of the same knows it by this.
    pub id: String,
    /// When.
    pub time: Timestamp,
    /// By which program.
    pub program: String,
    /// Budgets that are spent too fast, the most urgent first.
    pub burning: Vec<Alert>,
    /// Objectives whose budgets last again.
    pub lasting: Vec<String>,
}

/// What people know, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    severity: Severity,
    since: Duration,
}

/// Tells people.
#[derive(Debug)]
pub struct Courier {
    program: String,
    options: AlertOptions,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    webhook: Option<Webhook>,
    outbox: Option<Outbox>,
    /// What people know of each objective that is not as it should be.
    known: BTreeMap<String, Known>,
    /// Since when there is something to be told.
    gathering: Option<Duration>,
    waiting: VecDeque<Message>,
}

/// What a message is named by.
#[derive(Debug)]
enum Told {}

impl Courier {
    /// One that tells of a program, with an outbox for the letters it writes.
    ///
    /// # Errors
    /// When the webhook's address or secret cannot be used, or the mail server is elsewhere.
    pub fn new(
        program: &str,
        options: &AlertOptions,
        outbox: Option<Outbox>,
        (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>),
    ) -> Result<Self, CourierError> {
        let elsewhere = |server: &SocketAddr| !server.ip().is_loopback();
        if let Some(server) = options.mail.as_ref().and_then(|mail| mail.smtp).filter(elsewhere) {
            return Err(CourierError::Mail(server));
        }
        let webhook = options.webhook.as_ref().map(Webhook::new).transpose()?;
        Ok(Self {
            program: program.to_owned(),
            options: options.clone(),
            clock,
            rng,
            webhook,
            outbox,
            known: BTreeMap::new(),
            gathering: None,
            waiting: VecDeque::new(),
        })
    }

    /// Looks at how things stand, and tells what is to be told.
    pub async fn look(&mut self, standings: &[Standing], silences: &Silences) {
        if let Some(message) = self.due(standings, silences) {
            self.write(&message).await;
            if self.webhook.is_some() {
                self.waiting.push_back(message);
            }
            if self.waiting.len() > WAITING_MAX {
                tracing::error!(
                    "an alert is told to nobody: its webhook has been away for too long"
                );
                self.waiting.pop_front();
            }
        }
        self.send().await;
    }

    /// What is to be told now, if anything. People know it from then on.
    fn due(&mut self, standings: &[Standing], silences: &Silences) -> Option<Message> {
        let (running, now) = (self.clock.running(), self.clock.now());
        let news: Vec<&Standing> = standings
            .iter()
            .filter(|standing| self.is_news(standing, running))
            .filter(|standing| !silences.cover(&standing.name, now))
            .collect();
        if news.is_empty() {
            self.gathering = None;
            return None;
        }
        let since = *self.gathering.get_or_insert(running);
        if running.saturating_sub(since) < Duration::from_secs(self.options.gather_seconds) {
            return None;
        }
        self.gathering = None;
        let mut burning: Vec<Alert> = news.iter().filter_map(|one| one.alert.clone()).collect();
        burning.sort_by_key(|alert| Reverse(alert.severity));
        let lasts = news.iter().filter(|standing| standing.alert.is_none());
        let lasting: Vec<String> = lasts.map(|standing| standing.name.clone()).collect();
        for name in &lasting {
            self.known.remove(name);
        }
        for alert in &burning {
            let known = Known { severity: alert.severity, since: running };
            self.known.insert(alert.objective.clone(), known);
        }
        let id: Id<Told> = self.rng.id(now);
        let program = self.program.clone();
        Some(Message { id: id.to_string(), time: now, program, burning, lasting })
    }

    /// Whether people know something else of an objective, or have not heard of it for long.
    fn is_news(&self, standing: &Standing, running: Duration) -> bool {
        let again = Duration::from_secs(self.options.again_seconds);
        match (self.known.get(&standing.name), &standing.alert) {
            (None, alert) => alert.is_some(),
            (Some(_), None) => true,
            (Some(known), Some(alert)) => {
                known.severity != alert.severity || running.saturating_sub(known.since) >= again
            }
        }
    }

    async fn write(&self, message: &Message) {
        let (Some(outbox), Some(mail)) = (&self.outbox, &self.options.mail) else { return };
        let (subject, text) = letter::of(message);
        for to in &mail.to {
            let put = outbox.put(&*self.rng, message.time, to, (&subject, &text)).await;
            if let Err(error) = put {
                tracing::error!(%error, "an alert cannot be written down as an e-mail");
            }
        }
    }

    /// Sends what waits, the oldest first, until the webhook does not take one.
    async fn send(&mut self) {
        let Some(webhook) = &self.webhook else { return };
        while let Some(message) = self.waiting.front() {
            if let Err(error) = webhook.send(message, &*self.clock).await {
                tracing::warn!(%error, waiting = self.waiting.len(), "an alert waits for its webhook");
                return;
            }
            self.waiting.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
