//! Clients, and how they prove themselves.

use http::{StatusCode, header};
use ondol_auth::decode_strict;

use crate::asked::{Form, OauthError};
use crate::came_from::household;
use crate::journal::Entry;
use crate::options::ClientOptions;
use crate::provider::Provider;
use crate::secrets::{hash, same};

/// How often a client may be wrong about its secret, from one address, in the window.
const FAILURES_MAX: u32 = 10;

impl Provider {
    pub(crate) fn client(&self, id: &str) -> Option<&ClientOptions> {
        self.options().clients.iter().find(|client| client.id == id)
    }

    /// The client that sends a form, once it has proved itself in the one way it can.
    pub(crate) async fn client_of(&self, form: &Form) -> Result<&ClientOptions, OauthError> {
        let shown = shown(form)?;
        let name = format!("client\n{}\n{}", shown.id, household(form.address));
        if self.failures().enter(&name, FAILURES_MAX).is_err() {
            let said = "this client was wrong too often";
            let status = StatusCode::TOO_MANY_REQUESTS;
            return Err(OauthError { status, error: "invalid_client", said });
        }
        let known = self.client(&shown.id);
        if let Some(client) = known.filter(|client| fits(client, &shown)) {
            self.failures().forgive(&name);
            return Ok(client);
        }
        let entry = Entry {
            action: "client",
            // A name that nobody has could be anything: it is not written down.
            client: known.map(|client| client.id.clone()),
            address: form.address,
            reason: if known.is_some() { "not proved" } else { "not known" }.to_owned(),
            ..Entry::default()
        };
        match self.failed(entry).await {
            Ok(()) => Err(OauthError::client()),
            Err(fault) => Err(fault.into()),
        }
    }
}

struct Shown {
    id: String,
    secret: Option<String>,
}

fn shown(form: &Form) -> Result<Shown, OauthError> {
    let params = &form.params;
    if params.get("client_assertion").is_some() || params.get("client_assertion_type").is_some() {
        // Nobody is registered with a key; a proof that is not asked for proves nothing.
        return Err(OauthError::client());
    }
    let mut said = form.headers.get_all(header::AUTHORIZATION).iter();
    let Some(basic) = said.next() else {
        let id = params.get("client_id").ok_or(OauthError::client())?.to_owned();
        return Ok(Shown { id, secret: params.get("client_secret").map(str::to_owned) });
    };
    if said.next().is_some() || params.get("client_secret").is_some() {
        return Err(OauthError::request("the client proves itself in two ways"));
    }
    let (id, secret) = basic.to_str().ok().and_then(basic_pair).ok_or(OauthError::client())?;
    if params.get("client_id").is_some_and(|other| other != id) {
        return Err(OauthError::request("the client has two names"));
    }
    Ok(Shown { id, secret: Some(secret) })
}

fn basic_pair(text: &str) -> Option<(String, String)> {
    let (scheme, pair) = text.split_once(' ')?;
    let pair = pair.trim_end_matches('=').replace('+', "-").replace('/', "_");
    let pair = decode_strict(&pair).ok().filter(|_| scheme.eq_ignore_ascii_case("Basic"))?;
    let pair = String::from_utf8(pair).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let plain = |text: &str| {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&format!("x={text}")).ok()?;
        pairs.into_iter().next().map(|(_, value)| value)
    };
    Some((plain(id)?, plain(secret)?))
}

fn fits(client: &ClientOptions, shown: &Shown) -> bool {
    match (&client.secret_sha256, &shown.secret) {
        (Some(kept), Some(secret)) => same(kept, &hash(secret)),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

impl ClientOptions {
    pub(crate) fn may_use(&self, grant: &str) -> bool {
        self.grants.iter().any(|own| own == grant)
    }

    /// The scopes that it asks for, if it may have all of them; all of its own, if it names none.
    pub(crate) fn scopes(&self, asked: Vec<String>) -> Result<Vec<String>, OauthError> {
        let may = |scope: &String| self.scopes.contains(scope);
        if asked.is_empty() {
            return Ok(self.scopes.clone());
        }
        if asked.iter().all(may) {
            return Ok(asked);
        }
        Err(OauthError::new("invalid_scope", "the client may not ask for this"))
    }
}

impl From<crate::fault::Fault> for OauthError {
    fn from(fault: crate::fault::Fault) -> Self {
        let status = fault.problem().status();
        let error = match status {
            StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            StatusCode::TOO_MANY_REQUESTS => "slow_down",
            _ => "server_error",
        };
        Self { status, error, said: "this cannot be done at the moment" }
    }
}
