//! Signing out, and taking tokens back.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use identity_domain::GrantId;
use identity_domain::grant::{Because, Grant};
use identity_domain::session::Command;
use serde::Deserialize;

use crate::asked::{Form, OauthError, Params};
use crate::authorize::see_other;
use crate::browser::Visit;
use crate::fault::Fault;
use crate::pages;
use crate::provider::Provider;
use crate::secrets::hash;
use crate::tokens::grant_named;

/// What an ID token that is handed back says; its end does not matter.
#[derive(Deserialize)]
struct Hint {
    iss: String,
    aud: String,
    sid: Option<String>,
}

pub(crate) async fn logout(
    State(provider): State<Provider>,
    visit: Visit,
    params: Result<Params, OauthError>,
) -> Response {
    match params {
        Ok(params) => provider.logout(&visit, &params, false).await,
        Err(error) => pages::wrong(&visit, error.said),
    }
}

pub(crate) async fn logout_form(
    State(provider): State<Provider>,
    visit: Visit,
    form: Result<Form, OauthError>,
) -> Response {
    match form {
        Ok(form) => {
            let is_own = visit.is_own_form(&form.params);
            provider.logout(&visit, &form.params, is_own).await
        }
        Err(error) => pages::wrong(&visit, error.said),
    }
}

pub(crate) async fn revoke(
    State(provider): State<Provider>,
    form: Result<Form, OauthError>,
) -> Result<Response, OauthError> {
    let form = form?;
    let client = provider.client_of(&form).await?.id.clone();
    let token = form.params.need("token")?;
    if let Some(grant) = provider.grant_of(token, &client).await? {
        provider.end_grant(grant, Because::Client, form.address).await?;
    }
    // Whatever it was, it is no longer good: that is all the client wants to know.
    Ok(StatusCode::OK.into_response())
}

impl Provider {
    /// The grant that a token belongs to, if it is this client's.
    pub(crate) async fn grant_of(
        &self,
        token: &str,
        client: &str,
    ) -> Result<Option<GrantId>, Fault> {
        if let Ok(principal) = self.verifier().verify(token).await {
            if principal.client != client {
                return Ok(None);
            }
            self.verifier().revocations().token(&principal.token);
            return Ok(grant_named(&principal.token));
        }
        let Some((grant, secret)) = token.split_once('.') else { return Ok(None) };
        let Ok(grant) = grant.parse::<GrantId>() else { return Ok(None) };
        // The name of a grant stands in access tokens, which others see: it alone proves nothing.
        match self.grants().standing(&grant.to_string()).await?.state {
            Grant::Open(book) if book.terms.client == client && book.knows(&hash(secret)) => {
                Ok(Some(grant))
            }
            _ => Ok(None),
        }
    }

    async fn logout(&self, visit: &Visit, params: &Params, is_own: bool) -> Response {
        let hint = match params.get("id_token_hint").map(|hint| self.hint(hint)) {
            Some(None) => return pages::wrong(visit, "the ID token is not one of ours"),
            Some(Some(hint)) => Some(hint),
            None => None,
        };
        let of_hint = hint.as_ref().map(|hint| hint.aud.as_str());
        let client = params.get("client_id").or(of_hint);
        if of_hint.is_some() && of_hint != client {
            return pages::wrong(visit, "the ID token was given to another client");
        }
        let back = params.get("post_logout_redirect_uri");
        if let Some(back) = back {
            let client = client.and_then(|id| self.client(id));
            let is_theirs = |own: &String| own == back;
            let known = client.is_some_and(|c| c.post_logout_redirect_uris.iter().any(is_theirs));
            if !known {
                return pages::wrong(visit, "the address to return to is not the client's");
            }
        }
        let session = visit.sign_in.as_ref().map(|sign_in| sign_in.id.to_string());
        let is_theirs = hint.is_some_and(|hint| hint.sid.is_some() && hint.sid == session);
        // Another site must not sign somebody out: without proof, he is asked.
        if session.is_some() && !is_own && !is_theirs {
            let page = pages::leave(visit, &params.text());
            return self.shown(visit, page);
        }
        let left = match self.leave(visit).await {
            Ok(left) => left,
            Err(fault) => return pages::fault(visit, &fault),
        };
        let Some(back) = back else { return left };
        let state = params.get("state").map(|state| [("state", state)]);
        let query = state.and_then(|state| serde_urlencoded::to_string(state).ok());
        let mark = if back.contains('?') { '&' } else { '?' };
        let address = query.map_or(back.to_owned(), |query| format!("{back}{mark}{query}"));
        let mut response = see_other(&address);
        response.headers_mut().append(header::SET_COOKIE, self.set_cookie("session", ""));
        response
    }

    /// Ends the session of a visit, and with it what came of it.
    pub(crate) async fn leave(&self, visit: &Visit) -> Result<Response, Fault> {
        if let Some(sign_in) = &visit.sign_in {
            let ended = self.ask(self.sessions(), &sign_in.id.to_string(), Command::End).await?;
            ended.map_err(|_refusal| Fault::Data("a session"))?;
            self.verifier().revocations().session(&sign_in.id.to_string());
            let actor = Some(sign_in.user.to_string());
            self.succeeded(self.entry("sign-out", actor, visit, "")).await?;
        }
        let mut page = pages::farewell(visit, visit.words.signed_out);
        page.headers_mut().append(header::SET_COOKIE, self.set_cookie("session", ""));
        Ok(page)
    }

    fn hint(&self, token: &str) -> Option<Hint> {
        let hint: Hint = serde_json::from_slice(&self.keys().signed_by_us(token)?).ok()?;
        (hint.iss == self.options().issuer).then_some(hint)
    }
}
