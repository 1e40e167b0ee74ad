//! Signing in: a password, a second factor, and saying yes to a client.

use axum::extract::State;
use axum::response::Response;
use http::header;
use identity_domain::user::Command;
use identity_domain::{Method, SignIn, UserId};
use ondol_auth::decode_strict;
use ondol_runtime::error_chain;
use ondol_vault::Opened;
use zeroize::Zeroizing;

use crate::asked::Params;
use crate::authorize::see_other;
use crate::browser::Visit;
use crate::came_from::household;
use crate::fault::Fault;
use crate::journal::Entry;
use crate::pages;
use crate::passwords::PASSWORD_BYTES_MAX;
use crate::provider::Provider;
use crate::sent::{NotOwn, Sent};
use crate::totp::step_of;

/// How many wrong numbers there may be in the window.
const NUMBERS_MAX: u32 = 5;

pub(crate) async fn sign_in(
    State(provider): State<Provider>,
    Sent { visit, params }: Sent,
) -> Response {
    let answer = provider.sign_in(&visit, &params).await;
    pages::answered(&visit, answer)
}

pub(crate) async fn second_factor(
    State(provider): State<Provider>,
    Sent { visit, params }: Sent,
) -> Response {
    let answer = provider.second_factor(&visit, &params).await;
    pages::answered(&visit, answer)
}

pub(crate) async fn consent(
    State(provider): State<Provider>,
    Sent { visit, params }: Sent,
) -> Response {
    let answer = provider.consent(&visit, &params).await;
    pages::answered(&visit, answer)
}

/// Whether a failure is counted twice: under the account and under the address.
struct Counted {
    account: String,
    address: String,
}

impl Provider {
    async fn sign_in(&self, visit: &Visit, params: &Params) -> Result<Response, Fault> {
        let then = params.get("then").unwrap_or_default();
        let Some(user) = self.by_password(visit, params).await? else {
            let wanted = Params::read(then).ok().and_then(|params| self.wanted(params).ok());
            let tried = params.get("email").unwrap_or_default();
            let page = pages::sign_in(visit, wanted.as_ref(), then, Some(tried));
            return Ok(self.shown(visit, page));
        };
        if self.reminded(visit, user).await? {
            return Ok(pages::said(visit, visit.words.verify, visit.words.verify_first));
        }
        self.signed_in(visit, user, vec![Method::Password], then).await
    }

    async fn second_factor(&self, visit: &Visit, params: &Params) -> Result<Response, Fault> {
        let then = params.get("then").unwrap_or_default();
        let Some(sign_in) = &visit.sign_in else {
            return Ok(pages::sign_in(visit, None, then, None));
        };
        let number = params.get("number").unwrap_or_default();
        if !self.use_number(visit, sign_in.user, number).await? {
            return Ok(pages::second_factor(visit, then, Some(visit.words.wrong_number)));
        }
        let methods = vec![Method::Password, Method::Totp];
        self.signed_in(visit, sign_in.user, methods, then).await
    }

    async fn consent(&self, visit: &Visit, params: &Params) -> Result<Response, Fault> {
        let then = Params::read(params.get("then").unwrap_or_default());
        let wanted = then.ok().and_then(|then| self.wanted(then).ok());
        let (Some(wanted), Some(sign_in)) = (wanted, visit.whole()) else {
            return Ok(pages::not_own(visit, NotOwn::Foreign));
        };
        if params.get("answer") == Some("yes") {
            return self.give_code(visit, &wanted, sign_in).await;
        }
        let actor = Some(sign_in.user.to_string());
        let client = Some(wanted.client.id.clone());
        let denied = self.entry("authorize", actor, visit, "denied");
        self.failed(Entry { client, ..denied }).await?;
        Ok(self.refuse(&wanted, "access_denied"))
    }

    /// Counts a try before it is known to be a failure.
    fn count(&self, what: &str, account: &str, visit: &Visit) -> Result<Counted, Fault> {
        let from = household(visit.address);
        let counted = Counted {
            account: format!("{what}\n{account}"),
            address: format!("{what}\nfrom {from}"),
        };
        let (of_account, of_address) = match what {
            "number" => (NUMBERS_MAX, self.options().failures_address_max),
            _ => (self.options().failures_account_max, self.options().failures_address_max),
        };
        let entered = self.failures().enter(&counted.address, of_address);
        entered.map_err(|too_often| Fault::TooOften(too_often.0))?;
        let entered = self.failures().enter(&counted.account, of_account);
        entered.map_err(|too_often| Fault::TooOften(too_often.0))?;
        Ok(counted)
    }

    fn forgive(&self, counted: &Counted) {
        self.failures().clear(&counted.account);
        self.failures().forgive(&counted.address);
    }

    /// Who has this address and this password. Whoever is unknown costs as much as the known.
    async fn by_password(&self, visit: &Visit, params: &Params) -> Result<Option<UserId>, Fault> {
        let email = crate::accounts::plain_email(params.get("email").unwrap_or_default());
        let password = params.get("password").unwrap_or_default().to_owned();
        let password = Zeroizing::new(password);
        let lookup = self.vault().blind("email", &email);
        let counted = match self.count("password", &lookup, visit) {
            Ok(counted) => counted,
            Err(fault) => {
                self.failed(self.entry("sign-in", None, visit, "too often")).await?;
                return Err(fault);
            }
        };
        let login = self.logins().get(&lookup).await?.and_then(|found| found.state.user);
        let kept = match login {
            Some(user) => self.password_of(user).await?,
            None => None,
        };
        let is_long = password.len() > PASSWORD_BYTES_MAX;
        let password = if is_long { Zeroizing::default() } else { password };
        let is_cheap = kept.as_deref().is_some_and(|kept| self.passwords().is_cheap(kept));
        let fits = self.passwords().fits(password.clone(), kept).await?;
        let user = login.filter(|_| fits && !is_long);
        if let Some(user) = user.filter(|_| is_cheap)
            && let Err(fault) = self.hash_anew(user, password).await
        {
            tracing::warn!(error = %error_chain(&fault), "a password stays as it was hashed");
        }
        let actor = login.map(|user| user.to_string());
        match user {
            Some(_) => {
                self.forgive(&counted);
                self.succeeded(self.entry("sign-in", actor, visit, "password")).await?;
            }
            None => self.failed(self.entry("sign-in", actor, visit, "password")).await?,
        }
        Ok(user)
    }

    /// A password that was hashed when hashing cost less is hashed as it is now, while it is known.
    async fn hash_anew(&self, user: UserId, password: Zeroizing<String>) -> Result<(), Fault> {
        let (subject, hash) = (user.to_string(), self.passwords().hash(password).await?);
        let password = self.vault().seal(&subject, "password", &hash)?;
        let done = self.ask(self.users(), &subject, Command::HashAnew { password }).await?;
        done.map(drop).map_err(|_refusal| Fault::Data("somebody who has signed in"))
    }

    async fn password_of(&self, user: UserId) -> Result<Option<String>, Fault> {
        let Some(known) = self.profile(user).await? else { return Ok(None) };
        let opened = self.vault().unseal(&user.to_string(), "password", &known.password)?;
        Ok(match opened {
            Opened::Plain(hash) => Some(hash),
            Opened::Forgotten => None,
        })
    }

    pub(crate) async fn password_fits(
        &self,
        visit: &Visit,
        user: UserId,
        password: &str,
    ) -> Result<bool, Fault> {
        let entry = |reason| self.entry("password", Some(user.to_string()), visit, reason);
        let counted = match self.count("password", &user.to_string(), visit) {
            Ok(counted) => counted,
            Err(fault) => {
                self.failed(entry("too often")).await?;
                return Err(fault);
            }
        };
        let kept = self.password_of(user).await?;
        let password = Zeroizing::new(password.chars().take(PASSWORD_BYTES_MAX).collect());
        let fits = self.passwords().fits(password, kept).await?;
        if fits {
            self.forgive(&counted);
        } else {
            self.failed(entry("wrong")).await?;
        }
        Ok(fits)
    }

    /// Uses a number of the second factor, once.
    pub(crate) async fn use_number(
        &self,
        visit: &Visit,
        user: UserId,
        number: &str,
    ) -> Result<bool, Fault> {
        let counted = match self.count("number", &user.to_string(), visit) {
            Ok(counted) => counted,
            Err(fault) => {
                let actor = Some(user.to_string());
                self.failed(self.entry("second-factor", actor, visit, "too often")).await?;
                return Err(fault);
            }
        };
        let known = self.profile(user).await?;
        let Some(totp) = known.and_then(|known| known.totp) else { return Ok(false) };
        let secret = totp.secret;
        let opened = self.vault().unseal(&user.to_string(), "totp", &secret)?;
        let secret = match opened {
            Opened::Plain(text) => decode_strict(&text).map_err(|_odd| Fault::Data("a secret"))?,
            Opened::Forgotten => return Ok(false),
        };
        let step = step_of(&secret, number, self.now());
        let used = match step {
            Some(step) => {
                let subject = user.to_string();
                self.ask(self.users(), &subject, Command::UseTotp { step }).await?.is_ok()
            }
            None => false,
        };
        let entry = self.entry("second-factor", Some(user.to_string()), visit, "number");
        if used {
            self.forgive(&counted);
            self.succeeded(entry).await?;
        } else {
            self.failed(entry).await?;
        }
        Ok(used)
    }

    pub(crate) async fn has_second_factor(&self, user: UserId) -> Result<bool, Fault> {
        let known = self.profile(user).await?;
        Ok(known.is_some_and(|known| known.active_totp().is_some()))
    }

    /// Somebody has proved himself: a new session, and on to what is next.
    pub(crate) async fn signed_in(
        &self,
        visit: &Visit,
        user: UserId,
        methods: Vec<Method>,
        then: &str,
    ) -> Result<Response, Fault> {
        let begun = self.begin_session(visit.sign_in.as_ref(), user, methods).await?;
        let (sign_in, cookie) = begun;
        let mut response = self.after(visit, &sign_in, then).await?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    async fn after(&self, visit: &Visit, sign_in: &SignIn, then: &str) -> Result<Response, Fault> {
        let lacks = !sign_in.methods.contains(&Method::Totp);
        if lacks && self.has_second_factor(sign_in.user).await? {
            return Ok(pages::second_factor(visit, then, None));
        }
        match Params::read(then) {
            Ok(params) if params.get("client_id").is_some() => {
                let mut params = params;
                params.remove("prompt");
                Ok(self.go_on(visit, params, Some(sign_in)).await)
            }
            _ if then == "device" => Ok(see_other("/device")),
            _ => Ok(see_other("/account")),
        }
    }

    pub(crate) fn entry(
        &self,
        action: &'static str,
        actor: Option<String>,
        visit: &Visit,
        reason: &str,
    ) -> Entry {
        Entry { action, actor, client: None, address: visit.address, reason: reason.to_owned() }
    }
}
