//! Devices: one asks with a short code, and its owner answers in a browser.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use identity_domain::device::{Command, Device};
use identity_domain::{GrantId, SessionId, SignIn};

use crate::asked::{Form, OauthError, Params};
use crate::browser::Visit;
use crate::came_from::household;
use crate::fault::Fault;
use crate::pages;
use crate::provider::Provider;
use crate::secrets::{drawn, hash, typed_code};
use crate::sent::Sent;
use crate::tokens::device_key;

/// How long a device may wait, in seconds.
const DEVICE_SECONDS: u64 = 600;
/// How many wrong codes somebody may type in the window.
const CODES_MAX: u32 = 5;

pub(crate) async fn ask(
    State(provider): State<Provider>,
    form: Result<Form, OauthError>,
) -> Result<Response, OauthError> {
    let form = form?;
    let client = provider.client_of(&form).await?;
    if !client.may_use("device_code") {
        return Err(OauthError::new("unauthorized_client", "the client may not ask so"));
    }
    let scopes = client.scopes(form.params.words("scope"))?;
    let (code, secret) = (typed_code(provider.rng()), drawn(provider.rng()));
    let grant: GrantId = provider.rng().id(provider.clock().now());
    let key = device_key(&code);
    let ask = Command::Ask {
        client: client.id.clone(),
        scopes,
        secret: hash(&secret),
        grant,
        until: provider.now() + DEVICE_SECONDS,
    };
    let asked = provider.ask(provider.devices(), &key, ask).await?;
    asked.map_err(|_refusal| Fault::Busy)?;
    let issuer = &provider.options().issuer;
    let body = serde_json::json!({
        "device_code": format!("{key}.{secret}"),
        "user_code": code,
        "verification_uri": format!("{issuer}/device"),
        "verification_uri_complete": format!("{issuer}/device?user_code={code}"),
        "expires_in": DEVICE_SECONDS,
        "interval": provider.options().device_poll_seconds,
    });
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body.to_string()).into_response())
}

pub(crate) async fn page(
    State(provider): State<Provider>,
    visit: Visit,
    params: Result<Params, OauthError>,
) -> Response {
    let page = if visit.is_half {
        pages::second_factor(&visit, "device", None)
    } else if visit.whole().is_none() {
        pages::sign_in(&visit, None, "device", None)
    } else {
        let code = params.ok().and_then(|params| params.get("user_code").map(str::to_owned));
        pages::device(&visit, &code.unwrap_or_default(), None)
    };
    provider.shown(&visit, page)
}

pub(crate) async fn answer(
    State(provider): State<Provider>,
    Sent { visit, params }: Sent,
) -> Response {
    let answer = provider.answer(&visit, &params).await;
    pages::answered(&visit, answer)
}

impl Provider {
    async fn answer(&self, visit: &Visit, params: &Params) -> Result<Response, Fault> {
        let Some(sign_in) = visit.whole() else {
            return Ok(pages::sign_in(visit, None, "device", None));
        };
        let code = params.get("user_code").unwrap_or_default();
        let key = device_key(code);
        let from = household(visit.address);
        let names = [format!("codes\n{}", sign_in.user), format!("codes\nfrom {from}")];
        for name in &names {
            let entered = self.failures().enter(name, CODES_MAX);
            entered.map_err(|too_often| Fault::TooOften(too_often.0))?;
        }
        let standing = self.devices().standing(&key).await?;
        let Device::Waiting(asked) = standing.state else {
            let actor = Some(sign_in.user.to_string());
            self.failed(self.entry("device", actor, visit, "no such code")).await?;
            return Ok(pages::device(visit, code, Some(visit.words.wrong_code)));
        };
        for name in &names {
            self.failures().forgive(name);
        }
        let client = self.client(&asked.client).map_or(asked.client.as_str(), |c| c.name.as_str());
        let said = match params.get("answer") {
            None => return Ok(pages::device_ask(visit, code, client, &asked.scopes)),
            Some("yes") => {
                // The device lives on when the browser signs out.
                let id: SessionId = self.rng().id(self.clock().now());
                let sign_in = SignIn { id, ..sign_in.clone() };
                let approve = Command::Approve { sign_in, at: self.now() };
                let done = self.ask(self.devices(), &key, approve).await?;
                if done.is_ok() { visit.words.device_approved } else { visit.words.wrong_code }
            }
            Some(_no) => {
                let denied = self.ask(self.devices(), &key, Command::Deny).await?;
                if denied.is_ok() { visit.words.device_denied } else { visit.words.wrong_code }
            }
        };
        let actor = Some(sign_in.user.to_string());
        self.succeeded(self.entry("device", actor, visit, said)).await?;
        Ok(pages::said(visit, said, visit.words.back_to_device))
    }
}
