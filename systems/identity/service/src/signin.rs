//! Signing in: a password, a second factor, and saying yes to a client.

use axum::extract::State;
use axum::response::Response;
use http::header;
use identity_domain::user::Command;
use identity_domain::{Method, SignIn, UserId};
use ondol_auth::decode_strict;
use ondol_vault::Opened;
use zeroize::Zeroizing;

use crate::asked::{Form, OauthError, Params};
use crate::authorize::see_other;
use crate::browser::Visit;
use crate::fault::Fault;
use crate::journal::Entry;
use crate::pages;
use crate::passwords::PASSWORD_BYTES_MAX;
use crate::provider::Provider;
use crate::totp::step_of;

/// How many wrong numbers there may be in the window.
const NUMBERS_MAX: u32 = 5;

pub(crate) async fn sign_in(
    State(provider): State<Provider>,
    visit: Visit,
    form: Result<Form, OauthError>,
) -> Response {
    let form = match own(&visit, form) {
        Ok(form) => form,
        Err(why) => return pages::not_own(&visit, why),
    };
    let then = form.params.get("then").unwrap_or_default().to_owned();
    match provider.by_password(&visit, &form.params).await {
        Ok(Some(user)) => match provider.reminded(&visit, user).await {
            Ok(true) => pages::said(&visit, visit.words.verify, visit.words.verify_first),
            Ok(false) => provider.signed_in(&visit, user, vec![Method::Password], &then).await,
            Err(fault) => pages::fault(&visit, &fault),
        },
        Ok(None) => {
            let wanted = Params::read(&then).ok().and_then(|params| provider.wanted(params).ok());
            let page =
                pages::sign_in(&visit, wanted.as_ref(), &then, Some(visit.words.wrong_login));
            provider.shown(&visit, page)
        }
        Err(fault) => pages::fault(&visit, &fault),
    }
}

pub(crate) async fn second_factor(
    State(provider): State<Provider>,
    visit: Visit,
    form: Result<Form, OauthError>,
) -> Response {
    let form = match own(&visit, form) {
        Ok(form) => form,
        Err(why) => return pages::not_own(&visit, why),
    };
    let then = form.params.get("then").unwrap_or_default().to_owned();
    let Some(sign_in) = visit.sign_in.clone() else {
        return pages::sign_in(&visit, None, &then, None);
    };
    let number = form.params.get("number").unwrap_or_default();
    match provider.use_number(&visit, sign_in.user, number).await {
        Ok(true) => {
            let methods = vec![Method::Password, Method::Totp];
            provider.signed_in(&visit, sign_in.user, methods, &then).await
        }
        Ok(false) => pages::second_factor(&visit, &then, Some(visit.words.wrong_number)),
        Err(fault) => pages::fault(&visit, &fault),
    }
}

pub(crate) async fn consent(
    State(provider): State<Provider>,
    visit: Visit,
    form: Result<Form, OauthError>,
) -> Response {
    let form = match own(&visit, form) {
        Ok(form) => form,
        Err(why) => return pages::not_own(&visit, why),
    };
    let params = Params::read(form.params.get("then").unwrap_or_default());
    let wanted = params.ok().and_then(|params| provider.wanted(params).ok());
    let (Some(wanted), Some(sign_in)) = (wanted, visit.whole()) else {
        return pages::not_own(&visit, NotOwn::Foreign);
    };
    if form.params.get("answer") != Some("yes") {
        let actor = Some(sign_in.user.to_string());
        let client = Some(wanted.client.id.clone());
        let denied = provider.entry("authorize", actor, &visit, "denied");
        return match provider.failed(Entry { client, ..denied }).await {
            Ok(()) => provider.refuse(&wanted, "access_denied"),
            Err(fault) => pages::fault(&visit, &fault),
        };
    }
    match provider.give_code(&visit, &wanted, sign_in).await {
        Ok(response) => response,
        Err(fault) => pages::fault(&visit, &fault),
    }
}

/// Why a form is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotOwn {
    /// It did not come from a page of ours in this browser.
    Foreign,
    /// It holds what our forms do not.
    Field,
}

/// A form, if it came from a page of ours.
pub(crate) fn own(visit: &Visit, form: Result<Form, OauthError>) -> Result<Form, NotOwn> {
    let form = form.map_err(|_odd| NotOwn::Field)?;
    if visit.is_own_form(&form.params) { Ok(form) } else { Err(NotOwn::Foreign) }
}

/// Whether a failure is counted twice: under the account and under the address.
struct Counted {
    account: String,
    address: String,
}

impl Provider {
    /// Counts a try before it is known to be a failure.
    fn count(&self, what: &str, account: &str, visit: &Visit) -> Result<Counted, Fault> {
        let from = visit.address.map(|address| address.to_string()).unwrap_or_default();
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
        let fits = self.passwords().fits(password, kept).await?;
        let user = login.filter(|_| fits && !is_long);
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
        let counted = self.count("password", &user.to_string(), visit)?;
        let kept = self.password_of(user).await?;
        let password = Zeroizing::new(password.chars().take(PASSWORD_BYTES_MAX).collect());
        let fits = self.passwords().fits(password, kept).await?;
        if fits {
            self.forgive(&counted);
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
    ) -> Response {
        let begun = self.begin_session(visit.sign_in.as_ref(), user, methods).await;
        let (sign_in, cookie) = match begun {
            Ok(begun) => begun,
            Err(fault) => return pages::fault(visit, &fault),
        };
        let mut response = match self.after(visit, &sign_in, then).await {
            Ok(response) => response,
            Err(fault) => return pages::fault(visit, &fault),
        };
        response.headers_mut().append(header::SET_COOKIE, cookie);
        response
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
