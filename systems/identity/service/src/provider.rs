//! The provider: what every route stands on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use identity_domain::device::Device;
use identity_domain::grant::Grant;
use identity_domain::session::Session;
use identity_domain::ticket::Ticket;
use identity_domain::user::{self, Profile, User};
use identity_domain::{SignIn, UserId};
use ondol_auth::{
    FetchError, KeyRing, KeyRingOptions, KeySource, Revocations, Verifier, VerifierOptions,
};
use ondol_domain::Aggregate;
use ondol_doors::{Clock, Rng};
use ondol_kernel::Recorded;
use ondol_mail::Outbox;
use ondol_runtime::{Desk, Request, Running, Supervisor, Verdict, ViewReader, error_chain};
use ondol_store::BoxError;
use ondol_vault::{AuditLog, AuditOptions, MasterKeys, Vault};

use crate::fault::Fault;
use crate::keys::Keys;
use crate::options::Options;
use crate::passwords::{Cost, Passwords};
use crate::people;
use crate::throttle::Throttle;
use crate::views::Login;

/// The provider. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    running: Running,
    users: Desk<User>,
    sessions: Desk<Session>,
    tickets: Desk<Ticket>,
    grants: Desk<Grant>,
    devices: Desk<Device>,
    logins: ViewReader<Login>,
    vault: Vault,
    audit: AuditLog,
    keys: Keys,
    verifier: Verifier,
    passwords: Passwords,
    failures: Throttle,
    polls: Throttle,
    outbox: Outbox,
    /// What runs on its own: it ends with the provider's process.
    behind: Supervisor,
}

/// The keys are our own: nobody has to be asked for them.
#[derive(Debug)]
struct Own(Keys, Arc<dyn Clock>);

#[async_trait]
impl KeySource for Own {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        self.0.published(self.1.now()).map_err(|error| FetchError(error.into()))
    }
}

impl Provider {
    pub(crate) fn open(running: &Running, options: Options) -> Result<Self, BoxError> {
        let ground = running.home().ground.clone();
        let (clock, rng) = (ground.clock, ground.rng);
        // A master key is only made where nothing has been sealed yet: one that was lost is not
        // to be replaced in silence.
        if !options.master_key.exists() && !options.keys.exists() {
            if let Some(folder) = options.master_key.parent() {
                std::fs::create_dir_all(folder)?;
            }
            MasterKeys::create(&options.master_key, rng.as_ref())?;
            tracing::warn!(file = %options.master_key.display(), "a master key was made: keep it");
        }
        let vault = Vault::open(&options.vault(), Arc::clone(&rng))?;
        let audit = AuditOptions::new(&options.audit, &options.anchors);
        let audit = AuditLog::open(&audit, Arc::clone(&clock))?;
        let keys = Keys::open(&options, vault.clone(), clock.as_ref())?;
        let source = Arc::new(Own(keys.clone(), Arc::clone(&clock)));
        let ring = KeyRing::new(source, Arc::clone(&clock), KeyRingOptions::default());
        ring.put(keys.published(clock.now())?)?;
        let wanted = VerifierOptions::new(&options.issuer, &options.audience);
        let wanted = VerifierOptions { leeway_seconds: 0, ..wanted };
        let verifier = Verifier::new(wanted, ring, Revocations::default(), Arc::clone(&clock));
        let window = Duration::from_secs(options.failures_seconds);
        let polls = Duration::from_secs(options.device_poll_seconds);
        let cost =
            Cost { memory_kib: options.password_memory_kib, passes: options.password_passes };
        let outbox = Outbox::open(&options.outbox, &options.mail_from)?;
        let behind = Supervisor::new();
        if let Some(server) = options.smtp {
            let (outbox, clock) = (outbox.clone(), Arc::clone(&clock));
            behind.start("identity outbox", move |stop| async move {
                outbox.send_all(server, clock, stop).await;
                Ok(())
            });
        }
        let inner = Inner {
            users: running.desk()?,
            sessions: running.desk()?,
            tickets: running.desk()?,
            grants: running.desk()?,
            devices: running.desk()?,
            logins: running.view()?,
            passwords: Passwords::new(options.hashing_max, cost, rng)?,
            failures: Throttle::new(window, Arc::clone(&clock)),
            polls: Throttle::new(polls, clock),
            outbox,
            behind,
            running: running.clone(),
            options,
            vault,
            audit,
            keys,
            verifier,
        };
        let provider = Self { inner: Arc::new(inner) };
        provider.forget_again();
        people::welcome(&provider, &provider.inner.behind);
        Ok(provider)
    }

    /// Whoever stands in the ledger as forgotten is nobody, whatever a backup says: it is written
    /// down again. Until it is, `profile` knows nothing of him either.
    fn forget_again(&self) {
        let again = self.clone();
        self.inner.behind.start("identity ledger", move |_stop| async move {
            for subject in again.vault().forgotten() {
                let forget = user::Command::Forget;
                match again.ask(again.users(), &subject, forget).await {
                    Ok(_done) => {}
                    Err(fault) => tracing::error!(
                        error = %error_chain(&fault),
                        "who was forgotten could not be written down again"
                    ),
                }
            }
            Ok(())
        });
    }

    pub(crate) fn options(&self) -> &Options {
        &self.inner.options
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.inner.running.home().ground.clock.as_ref()
    }

    pub(crate) fn rng(&self) -> &dyn Rng {
        self.inner.running.home().ground.rng.as_ref()
    }

    /// Now, in seconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        self.clock().now().as_unix_millis() / 1_000
    }

    pub(crate) fn users(&self) -> &Desk<User> {
        &self.inner.users
    }

    pub(crate) fn sessions(&self) -> &Desk<Session> {
        &self.inner.sessions
    }

    pub(crate) fn tickets(&self) -> &Desk<Ticket> {
        &self.inner.tickets
    }

    pub(crate) fn grants(&self) -> &Desk<Grant> {
        &self.inner.grants
    }

    pub(crate) fn devices(&self) -> &Desk<Device> {
        &self.inner.devices
    }

    pub(crate) fn logins(&self) -> &ViewReader<Login> {
        &self.inner.logins
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    pub(crate) fn audit(&self) -> &AuditLog {
        &self.inner.audit
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.inner.verifier
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    pub(crate) fn failures(&self) -> &Throttle {
        &self.inner.failures
    }

    pub(crate) fn polls(&self) -> &Throttle {
        &self.inner.polls
    }

    /// Writes to somebody.
    pub(crate) async fn write_to(&self, email: &str, mail: (&str, &str)) -> Result<(), Fault> {
        let put = self.outbox().put(self.rng(), self.clock().now(), email, mail).await;
        put.map_err(Fault::Outbox)
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.inner.outbox
    }

    /// What is known of a user; nothing of nobody, and nothing of whoever was forgotten, also when a
    /// backup from before has brought him back.
    pub(crate) async fn profile(&self, user: UserId) -> Result<Option<Box<Profile>>, Fault> {
        let subject = user.to_string();
        if self.vault().is_forgotten(&subject) {
            return Ok(None);
        }
        match self.users().standing(&subject).await?.state {
            User::Known(profile) => Ok(Some(profile)),
            User::Nobody | User::Forgotten => Ok(None),
        }
    }

    /// The same, if a sign-in of his still counts: he has not changed by what he proves himself.
    pub(crate) async fn owner(&self, sign_in: &SignIn) -> Result<Option<Box<Profile>>, Fault> {
        let profile = self.profile(sign_in.user).await?;
        Ok(profile.filter(|profile| sign_in.at >= profile.sign_ins_from))
    }

    /// Waits until whoever has just registered is found; one who comes before that is told that he
    /// is unknown, and comes again.
    pub(crate) async fn caught_up(&self) {
        let waited = match self.inner.running.head().await {
            Ok(head) => self.logins().wait_for(head).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = waited {
            tracing::warn!(error, "whoever has registered is found later");
        }
    }

    /// Asks a thing: what has happened, or why not.
    pub(crate) async fn ask<A: Aggregate>(
        &self,
        desk: &Desk<A>,
        key: &str,
        command: A::Command,
    ) -> Result<Result<Vec<Recorded<A::Event>>, A::Refusal>, Fault> {
        let request = Request::new(self.rng().id(self.clock().now()));
        let answer = desk.handle(key, command, &request).await?;
        match answer.verdict {
            Verdict::Accepted(events) => Ok(Ok(events)),
            Verdict::Refused(refusal) => Ok(Err(refusal)),
            Verdict::Voided => Err(Fault::Data("a command of our own")),
        }
    }
}
