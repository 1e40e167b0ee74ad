//! The token endpoint: something that was given before is exchanged for tokens.

mod issue;

use std::net::IpAddr;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use identity_domain::device;
use identity_domain::grant::{Because, Command as GrantCommand, Event as GrantEvent, Grant, Terms};
use identity_domain::session::Session;
use identity_domain::ticket::{Code, Command, Purpose, Refusal, Shown};
use identity_domain::{GrantId, SessionId, SignIn};

use crate::asked::{Form, OauthError};
use crate::fault::Fault;
use crate::journal::{self, Entry};
use crate::options::ClientOptions;
use crate::provider::Provider;
use crate::secrets::{drawn, hash, typed};
use issue::{Given, Issue, Tokens};

/// What proves a sign-in by two things.
pub(crate) const STRONG: &str = "urn:ondol:acr:2fa";
/// What proves a sign-in by one.
pub(crate) const WEAK: &str = "urn:ondol:acr:1fa";
/// How many sessions that gave way are followed to the one that stands.
pub(crate) const REPLACED_MAX: usize = 16;

pub(crate) async fn token(
    State(provider): State<Provider>,
    form: Result<Form, OauthError>,
) -> Result<Response, OauthError> {
    let form = form?;
    let grant = form.params.need("grant_type")?.to_owned();
    let known = [
        ("authorization_code", "authorization_code"),
        ("refresh_token", "refresh_token"),
        ("client_credentials", "client_credentials"),
        ("urn:ietf:params:oauth:grant-type:device_code", "device_code"),
    ];
    let Some((_, name)) = known.into_iter().find(|(said, _)| *said == grant) else {
        return Err(OauthError::new("unsupported_grant_type", "this is not done here"));
    };
    let client = provider.client_of(&form).await?;
    if !client.may_use(name) {
        return Err(OauthError::new("unauthorized_client", "the client may not ask so"));
    }
    let answer = match name {
        "authorization_code" => provider.by_code(client, &form).await,
        "refresh_token" => provider.by_refresh(client, &form).await,
        "client_credentials" => provider.by_itself(client, &form),
        _ => provider.by_device(client, &form).await,
    };
    let reason =
        answer.as_ref().map_or_else(|error| format!("{name}: {}", error.said), |_| name.into());
    let quiet = answer.as_ref().is_err_and(|error| error.error == "authorization_pending");
    let actor = answer.as_ref().ok().and_then(|(_, actor)| actor.clone());
    let (client, address) = (Some(client.id.clone()), form.address);
    let entry = Entry { action: "token", actor, client, address, reason };
    match &answer {
        Ok(_) => provider.succeeded(entry).await?,
        Err(_) if quiet => journal::is_no_attempt(),
        Err(_) => provider.failed(entry).await?,
    }
    answer.map(|(tokens, _)| answered(&tokens))
}

fn answered(tokens: &Tokens) -> Response {
    let body = serde_json::to_string(tokens).unwrap_or_default();
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, body).into_response()
}

impl Provider {
    async fn by_code(&self, client: &ClientOptions, form: &Form) -> Given {
        let code = form.params.need("code")?;
        let verifier = form.params.need("code_verifier")?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(fits) {
            return Err(OauthError::grant("the verifier is not one"));
        }
        let key = hash(code);
        let shown = Shown::Code {
            client: client.id.clone(),
            redirect: form.params.get("redirect_uri").map(str::to_owned),
            challenge: hash(verifier),
        };
        let redeem = Command::Redeem { shown, at: self.now() };
        match self.ask(self.tickets(), &key, redeem).await? {
            Ok(_) => {}
            Err(Refusal::Used { grant: Some(grant) }) => {
                self.end_grant(grant, Because::CodeReuse, form.address).await?;
                return Err(OauthError::grant("the code was used already"));
            }
            Err(_refusal) => return Err(OauthError::grant("the code is not good")),
        }
        let standing = self.tickets().standing(&key).await.map_err(Fault::from)?;
        let identity_domain::ticket::Ticket::Used { purpose: Purpose::Code(code) } = standing.state
        else {
            return Err(Fault::Data("a code").into());
        };
        self.check_user(&code.sign_in).await?;
        self.open_grant(client, &code).await
    }

    async fn open_grant(&self, client: &ClientOptions, code: &Code) -> Given {
        let comes_back = client.may_use("refresh_token");
        let secret = comes_back.then(|| drawn(self.rng()));
        let terms = Terms {
            client: client.id.clone(),
            scopes: code.scopes.clone(),
            sign_in: code.sign_in.clone(),
            until: self.now() + self.options().grant_seconds,
        };
        let token = secret.as_deref().map(hash);
        let open = GrantCommand::Open { terms: Box::new(terms), token };
        // Refused when the code was shown a second time in between: of the two, this is the one that
        // was first, so it is answered; what it gets is dead already, as it would be a moment later.
        if self.ask(self.grants(), &code.grant.to_string(), open).await?.is_err() {
            tracing::warn!(client = client.id, "a code was shown twice at once");
        }
        let issue = Issue {
            client,
            scopes: &code.scopes,
            sign_in: &code.sign_in,
            grant: code.grant,
            nonce: code.nonce.as_deref(),
            refresh: secret.map(|secret| format!("{}.{secret}", code.grant)),
        };
        self.issue(&issue).await
    }

    async fn by_refresh(&self, client: &ClientOptions, form: &Form) -> Given {
        let not_good = || OauthError::grant("the refresh token is not good");
        let shown = form.params.need("refresh_token")?;
        let (grant, secret) = shown.split_once('.').ok_or_else(not_good)?;
        let grant: GrantId = grant.parse().map_err(|_no_id| not_good())?;
        let standing = self.grants().standing(&grant.to_string()).await.map_err(Fault::from)?;
        let Grant::Open(book) = standing.state else { return Err(not_good()) };
        self.check_user(&book.terms.sign_in).await?;
        if self.has_signed_out(book.terms.sign_in.id).await? {
            return Err(not_good());
        }
        let asked = form.params.words("scope");
        if asked.iter().any(|scope| !book.terms.scopes.contains(scope)) {
            return Err(OauthError::new("invalid_scope", "this was not allowed"));
        }
        let next = drawn(self.rng());
        let refresh = GrantCommand::Refresh {
            client: client.id.clone(),
            shown: hash(secret),
            next: hash(&next),
            at: self.now(),
        };
        let answer = self.ask(self.grants(), &grant.to_string(), refresh).await?;
        let events = answer.map_err(|_refusal| not_good())?;
        if events.iter().any(|event| matches!(event.data, GrantEvent::Revoked { .. })) {
            return Err(OauthError::grant("the refresh token was used already; all is revoked"));
        }
        let scopes = if asked.is_empty() { &book.terms.scopes } else { &asked };
        let refresh = Some(format!("{grant}.{next}"));
        let sign_in = &book.terms.sign_in;
        self.issue(&Issue { client, scopes, sign_in, grant, nonce: None, refresh }).await
    }

    async fn by_device(&self, client: &ClientOptions, form: &Form) -> Given {
        let shown = form.params.need("device_code")?;
        let (code, secret) =
            shown.split_once('.').ok_or(OauthError::grant("the device code is not good"))?;
        if self.polls().enter(&format!("device\n{code}"), 1).is_err() {
            return Err(OauthError::new(
                "slow_down",
                "this was asked too soon after the last time",
            ));
        }
        let redeem = device::Command::Redeem {
            client: client.id.clone(),
            secret: hash(secret),
            at: self.now(),
        };
        let answer = self.ask(self.devices(), code, redeem).await?;
        answer.map_err(|refusal| match refusal {
            device::Refusal::Pending => {
                OauthError::new("authorization_pending", "nobody has said yes or no yet")
            }
            device::Refusal::Denied => OauthError::new("access_denied", "the answer was no"),
            device::Refusal::Ended => OauthError::new("expired_token", "the code has ended"),
            _ => OauthError::grant("the device code is not good"),
        })?;
        let events = self.devices().history(code, ondol_kernel::Version::EMPTY.next(), 16).await;
        let events = events.map_err(Fault::from)?;
        let sign_in = events.iter().find_map(|event| match &event.data {
            device::Event::Approved { sign_in } => Some(sign_in.clone()),
            _ => None,
        });
        let standing = self.devices().standing(code).await.map_err(Fault::from)?;
        let (Some(sign_in), device::Device::Done(asked)) = (sign_in, standing.state) else {
            return Err(Fault::Data("a device's request").into());
        };
        self.check_user(&sign_in).await?;
        let code = Code {
            client: client.id.clone(),
            redirect: String::new(),
            challenge: String::new(),
            scopes: asked.scopes,
            nonce: None,
            sign_in,
            grant: asked.grant,
        };
        self.open_grant(client, &code).await
    }

    /// Whoever has changed his password, or was forgotten, has allowed nothing any more.
    async fn check_user(&self, sign_in: &SignIn) -> Result<(), OauthError> {
        match self.owner(sign_in).await? {
            Some(_) => Ok(()),
            None => Err(OauthError::grant("its owner has taken it back")),
        }
    }

    /// Whether somebody has signed out of this sign-in, or of the one that took its place.
    pub(crate) async fn has_signed_out(&self, session: SessionId) -> Result<bool, Fault> {
        let mut session = session;
        for _ in 0..REPLACED_MAX {
            match self.sessions().standing(&session.to_string()).await?.state {
                Session::Ended => return Ok(true),
                Session::Replaced { by } => session = by,
                Session::Unknown | Session::Live { .. } => return Ok(false),
            }
        }
        Ok(true)
    }

    pub(crate) async fn end_grant(
        &self,
        grant: GrantId,
        because: Because,
        address: Option<IpAddr>,
    ) -> Result<(), Fault> {
        let revoke = GrantCommand::Revoke { because };
        let ended = self.ask(self.grants(), &grant.to_string(), revoke).await?;
        if ended.is_ok_and(|events| !events.is_empty()) {
            let reason = format!("{because:?}");
            let entry = Entry { action: "revoke", address, reason, ..Entry::default() };
            self.succeeded(entry).await?;
        }
        Ok(())
    }
}

/// The grant that an access token belongs to, by the token's name.
pub(crate) fn grant_named(token: &str) -> Option<GrantId> {
    token.split('.').next().and_then(|grant| grant.parse().ok())
}

/// The name under which a device's request is kept.
pub(crate) fn device_key(code: &str) -> String {
    hash(&typed(code))
}
