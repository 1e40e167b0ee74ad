//! Recovering: a new password for whoever has lost his, by a letter to his address.

use axum::extract::State;
use axum::response::Response;
use identity_domain::UserId;
use identity_domain::ticket::{Purpose, Shown};
use identity_domain::user::Command;
use zeroize::Zeroizing;

use super::spelling::{is_password, plain_email};
use crate::asked::{OauthError, Params};
use crate::browser::Visit;
use crate::fault::Fault;
use crate::pages;
use crate::provider::Provider;
use crate::sent::Sent;

pub(crate) async fn forgotten_page(State(provider): State<Provider>, visit: Visit) -> Response {
    let page = pages::forgotten(&visit);
    provider.shown(&visit, page)
}

pub(crate) async fn forgotten(
    State(provider): State<Provider>,
    Sent { visit, params }: Sent,
) -> Response {
    let email = plain_email(params.get("email").unwrap_or_default());
    let began = provider.clock().running();
    let sent = provider.send_reset(&visit, &email).await;
    provider.unhurried(began).await;
    // The same for everybody: nobody learns here who is known.
    let said = || pages::said(&visit, visit.words.reset_sent, visit.words.look_into_mail);
    pages::answered(&visit, sent.map(|()| said()))
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
    Sent { visit, params }: Sent,
) -> Response {
    let token = params.get("token").unwrap_or_default();
    let password = params.get("password").unwrap_or_default().to_owned();
    if !is_password(&password) {
        return pages::reset(&visit, token, Some(visit.words.bad_password));
    }
    let done = provider.reset(&visit, token, Zeroizing::new(password)).await;
    pages::answered(
        &visit,
        done.map(|done| pages::link(&visit, done, visit.words.password_changed)),
    )
}

impl Provider {
    async fn send_reset(&self, visit: &Visit, email: &str) -> Result<(), Fault> {
        self.count_email(visit)?;
        let lookup = self.vault().blind("email", email);
        let known = self.logins().get(&lookup).await?.and_then(|found| found.state.user);
        let actor = known.map(|user| user.to_string());
        self.succeeded(self.entry("reset-asked", actor, visit, "")).await?;
        match known.filter(|user| !self.vault().is_forgotten(&user.to_string())) {
            Some(user) => {
                let purpose = Purpose::Reset { user };
                self.send(email, purpose, visit.words.reset_mail, "reset").await
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
        if self.profile(user).await?.is_none() {
            return Ok(false);
        }
        self.set_password(visit, user, password).await
    }

    pub(super) async fn set_password(
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
}
