//! Joining: registering, and showing that an address is one's own.

use axum::extract::State;
use axum::response::Response;
use identity_domain::ticket::{Purpose, Shown};
use identity_domain::user::{Command, Refusal};
use identity_domain::{Role, UserId};
use zeroize::Zeroizing;

use super::spelling::{is_email, is_password, plain_email};
use crate::asked::{Form, OauthError, Params};
use crate::browser::Visit;
use crate::fault::Fault;
use crate::pages;
use crate::provider::Provider;
use crate::sent::{NotOwn, Sent};

/// How many letters one account is sent in the window, however often somebody signs in.
const REMINDERS_MAX: u32 = 3;

pub(crate) async fn register_page(State(provider): State<Provider>, visit: Visit) -> Response {
    provider.shown(&visit, pages::register(&visit, None))
}

pub(crate) async fn register(
    State(provider): State<Provider>,
    Sent { visit, params }: Sent,
) -> Response {
    let words = visit.words;
    let email = plain_email(params.get("email").unwrap_or_default());
    let name = params.get("name").unwrap_or_default().trim().to_owned();
    let password = params.get("password").unwrap_or_default().to_owned();
    if !is_email(&email) {
        return pages::register(&visit, Some(words.bad_email));
    }
    if !is_password(&password) {
        return pages::register(&visit, Some(words.bad_password));
    }
    if name.is_empty() || name.chars().count() > 100 {
        return pages::register(&visit, Some(words.bad_name));
    }
    let began = provider.clock().running();
    let registered = provider.register(&visit, email, name, Zeroizing::new(password)).await;
    provider.unhurried(began).await;
    let said = |()| pages::said(&visit, words.registered, words.look_into_mail);
    pages::answered(&visit, registered.map(said))
}

pub(crate) async fn verify_page(visit: Visit, params: Result<Params, OauthError>) -> Response {
    let token = params.ok().and_then(|params| params.get("token").map(str::to_owned));
    pages::verify(&visit, &token.unwrap_or_default())
}

pub(crate) async fn verify(
    State(provider): State<Provider>,
    visit: Visit,
    form: Result<Form, OauthError>,
) -> Response {
    let Ok(form) = form else { return pages::not_own(&visit, NotOwn::Field) };
    let token = form.params.get("token").unwrap_or_default();
    let done = provider.verify_email(&visit, token).await;
    pages::answered(&visit, done.map(|done| pages::link(&visit, done, visit.words.verified)))
}

impl Provider {
    async fn register(
        &self,
        visit: &Visit,
        email: String,
        name: String,
        password: Zeroizing<String>,
    ) -> Result<(), Fault> {
        self.count_email(visit)?;
        let lookup = self.vault().blind("email", &email);
        let hash = self.passwords().hash(password).await?;
        let known = self.logins().get(&lookup).await?.map(|found| found.state).unwrap_or_default();
        // Whoever comes with the address of one who was forgotten is another, as far as is known.
        if known.user.is_some_and(|user| !self.vault().is_forgotten(&user.to_string())) {
            return self.already(visit, &email).await;
        }
        let user: UserId = self.rng().id(self.clock().now());
        let (vault, subject, address) = (self.vault().clone(), user.to_string(), email.clone());
        // The first field makes a key and syncs it to disk, which blocks.
        let sealed = tokio::task::spawn_blocking(move || {
            Ok::<_, ondol_vault::SealError>((
                vault.seal(&subject, "email", &address)?,
                vault.seal(&subject, "name", &name)?,
                vault.seal(&subject, "password", &hash)?,
            ))
        });
        let sealed = sealed.await.map_err(|_panicked| Fault::Data("sealing"))?;
        let (sealed_email, name, password) = sealed?;
        let (at, after) = (self.now(), known.times);
        let register = Command::Register { email: sealed_email, lookup, name, password, at, after };
        match self.ask(self.users(), &user.to_string(), register).await? {
            Ok(_events) => {
                let actor = Some(user.to_string());
                self.succeeded(self.entry("register", actor, visit, "")).await?;
                self.caught_up().await;
                let purpose = Purpose::Email { user };
                self.send(&email, purpose, visit.words.verify_mail, "verify").await
            }
            Err(Refusal::EmailTaken) => {
                self.vault().forget(&user.to_string())?;
                self.already(visit, &email).await
            }
            Err(_refusal) => Err(Fault::Data("a new user")),
        }
    }

    /// Whoever owns the address is told that somebody has tried; whoever tried is told the same
    /// as everybody.
    async fn already(&self, visit: &Visit, email: &str) -> Result<(), Fault> {
        self.failed(self.entry("register", None, visit, "taken")).await?;
        self.write_to(email, visit.words.already_mail).await
    }

    async fn verify_email(&self, visit: &Visit, token: &str) -> Result<bool, Fault> {
        let Some(user) = self.redeem(token, Shown::Email).await? else { return Ok(false) };
        if self.ask(self.users(), &user.to_string(), Command::VerifyEmail).await?.is_err() {
            return Ok(false);
        }
        self.succeeded(self.entry("verify", Some(user.to_string()), visit, "")).await?;
        self.make_administrator(visit, user).await?;
        Ok(true)
    }

    /// Whoever has shown that his is one of the addresses in the configuration is an administrator:
    /// somebody has to be the first.
    async fn make_administrator(&self, visit: &Visit, user: UserId) -> Result<(), Fault> {
        let Some(email) = self.email_of(user).await? else { return Ok(()) };
        if !self.options().administrators.iter().any(|own| plain_email(own) == email) {
            return Ok(());
        }
        let grant = Command::Grant { role: Role::Admin };
        if self.ask(self.users(), &user.to_string(), grant).await?.is_ok() {
            let reason = format!("{user} is admin by configuration");
            self.succeeded(self.entry("role", None, visit, &reason)).await?;
        }
        Ok(())
    }

    /// Whoever has not shown that his address is his own is reminded, and goes no further.
    pub(crate) async fn reminded(&self, visit: &Visit, user: UserId) -> Result<bool, Fault> {
        let known = self.profile(user).await?;
        if !self.options().verified_only || known.is_none_or(|known| known.is_verified) {
            return Ok(false);
        }
        let actor = Some(user.to_string());
        self.failed(self.entry("sign-in", actor, visit, "the address is not verified")).await?;
        let entered = self.failures().enter(&format!("reminder\n{user}"), REMINDERS_MAX);
        if let (Ok(()), Some(email)) = (entered, self.email_of(user).await?) {
            let purpose = Purpose::Email { user };
            self.send(&email, purpose, visit.words.verify_mail, "verify").await?;
        }
        Ok(true)
    }
}
