//! Accounts: what somebody can do with his own: a password, a second factor, being forgotten.

mod joining;
mod letters;
mod recovering;
mod spelling;

use axum::extract::State;
use axum::response::Response;
use http::header;
use identity_domain::user::Command;
use identity_domain::{Method, UserId};
use ondol_auth::encode;
use ondol_vault::Opened;
use zeroize::Zeroizing;

use crate::asked::Params;
use crate::authorize::see_other;
use crate::browser::Visit;
use crate::fault::Fault;
use crate::pages;
use crate::provider::Provider;
use crate::sent::{NotOwn, Sent};
use crate::totp;

pub(crate) use joining::{register, register_page, verify, verify_page};
pub(crate) use recovering::{forgotten, forgotten_page, reset, reset_page};
pub(crate) use spelling::{is_email, is_password, plain_email};

pub(crate) async fn account(State(provider): State<Provider>, visit: Visit) -> Response {
    let page = provider.account_page(&visit, None).await;
    provider.shown(&visit, pages::answered(&visit, page))
}

pub(crate) async fn change(
    State(provider): State<Provider>,
    Sent { visit, params }: Sent,
) -> Response {
    let answer = provider.change(&visit, &params).await;
    pages::answered(&visit, answer)
}

impl Provider {
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
        let Some(user) = self.profile(sign_in.user).await? else {
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
            _ => Ok(pages::not_own(visit, NotOwn::Field)),
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
        let email = self.email_of(user).await?.unwrap_or_default();
        let (text, picture) = totp::enrolment(secret.as_ref(), "Ondol", &email);
        Ok(pages::enrol(visit, &text, &picture))
    }

    /// Forgets somebody: letters to him that still lie here are destroyed, then the ledger says that he
    /// is nobody and his key is destroyed, then the log says so. A crash in between leaves him as he
    /// was, or in the ledger, and what the ledger says is done when the provider comes up.
    async fn forget(&self, visit: &Visit, user: UserId) -> Result<Response, Fault> {
        let subject = user.to_string();
        let email = self.email_of(user).await?.unwrap_or_default();
        self.outbox().forget(&email).await.map_err(Fault::Outbox)?;
        let vault = self.vault().clone();
        let name = subject.clone();
        let wiped = tokio::task::spawn_blocking(move || vault.forget(&name));
        wiped.await.map_err(|_panicked| Fault::Data("forgetting"))??;
        // One may have been written meanwhile; none is from now on.
        self.outbox().forget(&email).await.map_err(Fault::Outbox)?;
        let forgotten = self.ask(self.users(), &subject, Command::Forget).await?;
        forgotten.map_err(|_refusal| Fault::Data("a user"))?;
        self.succeeded(self.entry("forget", Some(subject), visit, "")).await?;
        let mut page = pages::farewell(visit, visit.words.you_are_forgotten);
        page.headers_mut().append(header::SET_COOKIE, self.set_cookie("session", ""));
        Ok(page)
    }
}
