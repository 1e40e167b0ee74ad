//! Letters: what is sent to an address, and the one-time tokens in it.

use std::time::Duration;

use identity_domain::UserId;
use identity_domain::ticket::{Command, Purpose, Shown, Ticket};
use ondol_vault::Opened;

use crate::browser::Visit;
use crate::came_from::household;
use crate::fault::Fault;
use crate::provider::Provider;
use crate::secrets::{drawn, hash};

/// How long a token in an e-mail lasts, in seconds.
const EMAIL_SECONDS: u64 = 3600;
/// How many e-mails one address may ask for in the window.
const EMAILS_MAX: u32 = 20;

impl Provider {
    /// Waits until as much time has gone by since something began as it takes at least.
    pub(super) async fn unhurried(&self, began: Duration) {
        let least = Duration::from_millis(self.options().unhurried_ms);
        let gone = self.clock().running().saturating_sub(began);
        self.clock().sleep(least.saturating_sub(gone)).await;
    }

    pub(super) fn count_email(&self, visit: &Visit) -> Result<(), Fault> {
        let from = household(visit.address);
        let entered = self.failures().enter(&format!("e-mails\nfrom {from}"), EMAILS_MAX);
        entered.map_err(|too_often| Fault::TooOften(too_often.0))
    }

    pub(super) async fn send(
        &self,
        email: &str,
        purpose: Purpose,
        (subject, text): (&str, &str),
        path: &str,
    ) -> Result<(), Fault> {
        let secret = drawn(self.rng());
        let issue = Command::Issue { purpose, until: self.now() + EMAIL_SECONDS };
        let issued = self.ask(self.tickets(), &hash(&secret), issue).await?;
        issued.map_err(|_refusal| Fault::Data("a new ticket"))?;
        let text = format!("{text}\r\n\r\n{}/{path}?token={secret}\r\n", self.options().issuer);
        self.write_to(email, (subject, &text)).await
    }

    /// Whom a token in an e-mail speaks of, once.
    pub(super) async fn redeem(&self, token: &str, shown: Shown) -> Result<Option<UserId>, Fault> {
        let key = hash(token);
        let redeem = Command::Redeem { shown, at: self.now() };
        if self.ask(self.tickets(), &key, redeem).await?.is_err() {
            return Ok(None);
        }
        match self.tickets().standing(&key).await?.state {
            Ticket::Used { purpose: Purpose::Email { user } | Purpose::Reset { user } } => {
                Ok(Some(user))
            }
            _ => Err(Fault::Data("a ticket")),
        }
    }

    /// The address of somebody, if he is somebody still.
    pub(super) async fn email_of(&self, user: UserId) -> Result<Option<String>, Fault> {
        let Some(known) = self.profile(user).await? else { return Ok(None) };
        Ok(match self.vault().unseal(&user.to_string(), "email", &known.email)? {
            Opened::Plain(email) => Some(email),
            Opened::Forgotten => None,
        })
    }
}
