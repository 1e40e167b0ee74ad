//! Accounts: registering, showing that an address is one's own, passwords, the second factor, and
//! being forgotten.

mod spelling;

use axum::extract::State;
use axum::response::Response;
use http::header;
use identity_domain::ticket::{Command as TicketCommand, Purpose, Shown, Ticket};
use identity_domain::user::{Command, Refusal, User};
use identity_domain::{Method, UserId};
use ondol_auth::encode;
use ondol_vault::Opened;
use zeroize::Zeroizing;

use crate::asked::{Form, OauthError, Params};
use crate::authorize::see_other;
use crate::browser::Visit;
use crate::fault::Fault;
use crate::pages;
use crate::provider::Provider;
use crate::secrets::{drawn, hash};
use crate::signin::own;
use crate::totp;

pub(crate) use spelling::plain_email;
use spelling::{is_email, is_password};

/// How long a token in an e-mail lasts, in seconds.
const EMAIL_SECONDS: u64 = 3600;
/// How many e-mails one address may ask for in the window.
const EMAILS_MAX: u32 = 20;

pub(crate) async fn register_page(State(provider): State<Provider>, visit: Visit) -> Response {
    provider.shown(&visit, pages::register(&visit, None))
}

pub(crate) async fn register(
    State(provider): State<Provider>,
    visit: Visit,
    form: Result<Form, OauthError>,
) -> Response {
    let Some(form) = own(&visit, form) else { return pages::not_own_form(&visit) };
    let words = visit.words;
    let email = plain_email(form.params.get("email").unwrap_or_default());
    let name = form.params.get("name").unwrap_or_default().trim().to_owned();
    let password = form.params.get("password").unwrap_or_default().to_owned();
    if !is_email(&email) {
        return pages::register(&visit, Some(words.bad_email));
    }
    if !is_password(&password) {
        return pages::register(&visit, Some(words.bad_password));
    }
    if name.is_empty() || name.chars().count() > 100 {
        return pages::register(&visit, Some(words.bad_name));
    }
    let registered = provider.register(&visit, email, name, Zeroizing::new(password)).await;
    match registered {
        Ok(()) => pages::said(&visit, words.registered, words.look_into_mail),
        Err(fault) => pages::fault(&visit, &fault),
    }
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
    let Ok(form) = form else { return pages::not_own_form(&visit) };
    let token = form.params.get("token").unwrap_or_default();
    match provider.verify_email(token).await {
        Ok(true) => pages::said(&visit, visit.words.verified, visit.words.now_sign_in),
        Ok(false) => pages::said(&visit, visit.words.bad_link, visit.words.ask_again),
        Err(fault) => pages::fault(&visit, &fault),
    }
}

pub(crate) async fn forgotten_page(State(provider): State<Provider>, visit: Visit) -> Response {
    let page = pages::forgotten(&visit);
    provider.shown(&visit, page)
}

pub(crate) async fn forgotten(
    State(provider): State<Provider>,
    visit: Visit,
    form: Result<Form, OauthError>,
) -> Response {
    let Some(form) = own(&visit, form) else { return pages::not_own_form(&visit) };
    let email = plain_email(form.params.get("email").unwrap_or_default());
    match provider.send_reset(&visit, &email).await {
        // The same for everybody: nobody learns here who is known.
        Ok(()) => pages::said(&visit, visit.words.reset_sent, visit.words.look_into_mail),
        Err(fault) => pages::fault(&visit, &fault),
    }
}

pub(crate) async fn reset_page(
    State(provider): State<Provider>,
    visit: Visit,
    params: Result<Params, OauthError>,
) -> Response {
    let token = params.ok().and_then(|params| params.get("token").map(str::to_owned));
    let page = pages::reset(&visit, &token.unwrap_or_default(), None);
    provider.shown(&visit, page)
}

pub(crate) async fn reset(
    State(provider): State<Provider>,
    visit: Visit,
    form: Result<Form, OauthError>,
) -> Response {
    let Some(form) = own(&visit, form) else { return pages::not_own_form(&visit) };
    let token = form.params.get("token").unwrap_or_default();
    let password = form.params.get("password").unwrap_or_default().to_owned();
    if !is_password(&password) {
        return pages::reset(&visit, token, Some(visit.words.bad_password));
    }
    match provider.reset(&visit, token, Zeroizing::new(password)).await {
        Ok(true) => pages::said(&visit, visit.words.password_changed, visit.words.now_sign_in),
        Ok(false) => pages::said(&visit, visit.words.bad_link, visit.words.ask_again),
        Err(fault) => pages::fault(&visit, &fault),
    }
}

pub(crate) async fn account(State(provider): State<Provider>, visit: Visit) -> Response {
    let response = match provider.account_page(&visit, None).await {
        Ok(page) => page,
        Err(fault) => pages::fault(&visit, &fault),
    };
    provider.shown(&visit, response)
}

pub(crate) async fn change(
    State(provider): State<Provider>,
    visit: Visit,
    form: Result<Form, OauthError>,
) -> Response {
    let Some(form) = own(&visit, form) else { return pages::not_own_form(&visit) };
    match provider.change(&visit, &form.params).await {
        Ok(response) => response,
        Err(fault) => pages::fault(&visit, &fault),
    }
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
        let known = self.logins().get(&lookup).await?.and_then(|found| found.state.user);
        if known.is_some() {
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
        let at = self.now();
        let register = Command::Register { email: sealed_email, lookup, name, password, at };
        match self.ask(self.users(), &user.to_string(), register).await? {
            Ok(_events) => {
                let actor = Some(user.to_string());
                self.succeeded(self.entry("register", actor, visit, "")).await?;
                let purpose = Purpose::Email { user };
                self.send(visit, &email, purpose, visit.words.verify_mail, "verify").await
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
        let mail = visit.words.already_mail;
        self.outbox().put(self.rng(), self.clock().now(), email, mail).await
    }

    fn count_email(&self, visit: &Visit) -> Result<(), Fault> {
        let from = visit.address.map(|address| address.to_string()).unwrap_or_default();
        let entered = self.failures().enter(&format!("e-mails\nfrom {from}"), EMAILS_MAX);
        entered.map_err(|too_often| Fault::TooOften(too_often.0))
    }

    async fn send(
        &self,
        _visit: &Visit,
        email: &str,
        purpose: Purpose,
        (subject, text): (&str, &str),
        path: &str,
    ) -> Result<(), Fault> {
        let secret = drawn(self.rng());
        let issue = TicketCommand::Issue { purpose, until: self.now() + EMAIL_SECONDS };
        let issued = self.ask(self.tickets(), &hash(&secret), issue).await?;
        issued.map_err(|_refusal| Fault::Data("a new ticket"))?;
        let text = format!("{text}\r\n\r\n{}/{path}?token={secret}\r\n", self.options().issuer);
        self.outbox().put(self.rng(), self.clock().now(), email, (subject, &text)).await
    }

    /// Whom a token in an e-mail speaks of, once.
    async fn redeem(&self, token: &str, shown: Shown) -> Result<Option<UserId>, Fault> {
        let key = hash(token);
        let redeem = TicketCommand::Redeem { shown, at: self.now() };
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

    async fn verify_email(&self, token: &str) -> Result<bool, Fault> {
        let Some(user) = self.redeem(token, Shown::Email).await? else { return Ok(false) };
        Ok(self.ask(self.users(), &user.to_string(), Command::VerifyEmail).await?.is_ok())
    }

    async fn send_reset(&self, visit: &Visit, email: &str) -> Result<(), Fault> {
        self.count_email(visit)?;
        let lookup = self.vault().blind("email", email);
        let known = self.logins().get(&lookup).await?.and_then(|found| found.state.user);
        let actor = known.map(|user| user.to_string());
        self.succeeded(self.entry("reset-asked", actor, visit, "")).await?;
        match known.filter(|user| !self.vault().is_forgotten(&user.to_string())) {
            Some(user) => {
                let purpose = Purpose::Reset { user };
                self.send(visit, email, purpose, visit.words.reset_mail, "reset").await
            }
            None => Ok(()),
        }
    }

    async fn reset(
        &self,
        visit: &Visit,
        token: &str,
        password: Zeroizing<String>,
    ) -> Result<bool, Fault> {
        let Some(user) = self.redeem(token, Shown::Reset).await? else { return Ok(false) };
        self.set_password(visit, user, password).await
    }

    async fn set_password(
        &self,
        visit: &Visit,
        user: UserId,
        password: Zeroizing<String>,
    ) -> Result<bool, Fault> {
        let hash = self.passwords().hash(password).await?;
        let password = self.vault().seal(&user.to_string(), "password", &hash)?;
        // Whoever signed in within this very second has done so with the old one.
        let change = Command::ChangePassword { password, at: self.now() + 1 };
        let changed = self.ask(self.users(), &user.to_string(), change).await?.is_ok();
        let actor = Some(user.to_string());
        self.succeeded(self.entry("password-changed", actor, visit, "")).await?;
        Ok(changed)
    }

    pub(crate) async fn account_page(
        &self,
        visit: &Visit,
        said: Option<&str>,
    ) -> Result<Response, Fault> {
        if visit.is_half {
            return Ok(pages::second_factor(visit, "", None));
        }
        let Some(sign_in) = visit.whole() else {
            return Ok(pages::sign_in(visit, None, "", None));
        };
        let subject = sign_in.user.to_string();
        let User::Known(user) = self.users().standing(&subject).await?.state else {
            return Ok(pages::sign_in(visit, None, "", None));
        };
        let plain = |opened| match opened {
            Opened::Plain(text) => text,
            Opened::Forgotten => visit.words.forgotten.to_owned(),
        };
        let unsealed = |field, sealed| self.vault().unseal(&subject, field, sealed).map(plain);
        let (name, email) = (unsealed("name", &user.name)?, unsealed("email", &user.email)?);
        let has_factor = user.active_totp().is_some();
        Ok(pages::account(visit, &pages::Owner { name, email, has_factor, said }))
    }

    async fn change(&self, visit: &Visit, params: &Params) -> Result<Response, Fault> {
        let Some(sign_in) = visit.whole().cloned() else {
            return Ok(pages::sign_in(visit, None, "", None));
        };
        let user = sign_in.user;
        let what = params.get("change").unwrap_or_default();
        if what == "sign-out" {
            return self.leave(visit).await;
        }
        if what == "confirm-factor" {
            let number = params.get("number").unwrap_or_default();
            if !self.use_number(visit, user, number).await? {
                return self.account_page(visit, Some(visit.words.wrong_number)).await;
            }
            let methods = vec![Method::Password, Method::Totp];
            let (_, cookie) = self.begin_session(Some(&sign_in), user, methods).await?;
            let mut response = see_other("/account");
            response.headers_mut().append(header::SET_COOKIE, cookie);
            return Ok(response);
        }
        // Everything else needs the password once more: a browser may have been left open.
        let password = params.get("password").unwrap_or_default();
        if !self.password_fits(visit, user, password).await? {
            return self.account_page(visit, Some(visit.words.wrong_password)).await;
        }
        match what {
            "password" => self.change_password(visit, user, params).await,
            "offer-factor" => self.offer_factor(visit, user).await,
            "remove-factor" => {
                let remove = Command::RemoveTotp { at: self.now() + 1 };
                let removed = self.ask(self.users(), &user.to_string(), remove).await?;
                removed.map_err(|_refusal| Fault::Data("a second factor"))?;
                let actor = Some(user.to_string());
                self.succeeded(self.entry("factor-removed", actor, visit, "")).await?;
                self.leave(visit).await
            }
            "forget" => self.forget(visit, user).await,
            _ => Ok(pages::not_own_form(visit)),
        }
    }

    async fn change_password(
        &self,
        visit: &Visit,
        user: UserId,
        params: &Params,
    ) -> Result<Response, Fault> {
        let new = params.get("new").unwrap_or_default().to_owned();
        if !is_password(&new) {
            return self.account_page(visit, Some(visit.words.bad_password)).await;
        }
        self.set_password(visit, user, Zeroizing::new(new)).await?;
        self.leave(visit).await
    }

    async fn offer_factor(&self, visit: &Visit, user: UserId) -> Result<Response, Fault> {
        let subject = user.to_string();
        let mut secret = Zeroizing::new([0; 20]);
        self.rng().fill(secret.as_mut());
        let sealed = self.vault().seal(&subject, "totp", &encode(*secret))?;
        let offered =
            self.ask(self.users(), &subject, Command::OfferTotp { secret: sealed }).await?;
        if offered.is_err() {
            return self.account_page(visit, Some(visit.words.factor_active)).await;
        }
        let User::Known(known) = self.users().standing(&subject).await?.state else {
            return Err(Fault::Data("a user"));
        };
        let email = match self.vault().unseal(&subject, "email", &known.email)? {
            Opened::Plain(email) => email,
            Opened::Forgotten => String::new(),
        };
        let (text, picture) = totp::enrolment(secret.as_ref(), "Ondol", &email);
        Ok(pages::enrol(visit, &text, &picture))
    }

    /// Forgets somebody: first it is written down that he is nobody, then his key is destroyed.
    async fn forget(&self, visit: &Visit, user: UserId) -> Result<Response, Fault> {
        let subject = user.to_string();
        let forgotten = self.ask(self.users(), &subject, Command::Forget).await?;
        forgotten.map_err(|_refusal| Fault::Data("a user"))?;
        let vault = self.vault().clone();
        let name = subject.clone();
        let wiped = tokio::task::spawn_blocking(move || vault.forget(&name));
        wiped.await.map_err(|_panicked| Fault::Data("forgetting"))??;
        self.succeeded(self.entry("forget", Some(subject), visit, "")).await?;
        let mut page = pages::said(visit, visit.words.you_are_forgotten, visit.words.farewell);
        page.headers_mut().append(header::SET_COOKIE, self.set_cookie("session", ""));
        Ok(page)
    }
}
