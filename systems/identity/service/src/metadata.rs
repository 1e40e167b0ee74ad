//! What clients read about us, and about tokens.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity_domain::grant::Grant;
use ondol_auth::{BearerError, Principal, bearer};
use ondol_vault::Opened;
use serde_json::{Value, json};

use crate::asked::{Form, OauthError};
use crate::fault::Fault;
use crate::provider::Provider;
use crate::tokens::{STRONG, WEAK, grant_named};

fn answered(body: &Value, cache: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, cache)];
    (headers, body.to_string()).into_response()
}

pub(crate) async fn discovery(State(provider): State<Provider>) -> Response {
    let issuer = &provider.options().issuer;
    let at = |path: &str| format!("{issuer}{path}");
    let body = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth2/authorize"),
        "token_endpoint": at("/oauth2/token"),
        "jwks_uri": at("/oauth2/jwks"),
        "userinfo_endpoint": at("/oauth2/userinfo"),
        "revocation_endpoint": at("/oauth2/revoke"),
        "introspection_endpoint": at("/oauth2/introspect"),
        "pushed_authorization_request_endpoint": at("/oauth2/par"),
        "device_authorization_endpoint": at("/oauth2/device_authorization"),
        "end_session_endpoint": at("/oauth2/logout"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "profile", "email", "roles"],
        "claims_supported": [
            "sub", "name", "email", "email_verified", "auth_time", "acr", "amr", "sid", "roles",
        ],
        "acr_values_supported": [STRONG, WEAK],
        "prompt_values_supported": ["none", "login", "consent"],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": false,
    });
    answered(&body, "max-age=300")
}

pub(crate) async fn jwks(State(provider): State<Provider>) -> Result<Response, Fault> {
    let set = provider.keys().published(provider.clock().now())?;
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, "max-age=300"),
    ];
    Ok((headers, set).into_response())
}

pub(crate) async fn userinfo(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    let principal = match bearer(&headers) {
        Ok((token, false)) => provider.live(token).await,
        // Whoever shows nothing has made no mistake, and is only told what is asked for (RFC 6750).
        Err(BearerError::Missing) => {
            return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")])
                .into_response();
        }
        Ok((_, true)) | Err(_) => Ok(None),
    };
    match principal {
        Ok(Some(principal)) if principal.may("openid") => match provider.known_of(&principal).await
        {
            Ok(Some(body)) => answered(&body, "no-store"),
            Ok(None) => not_valid(StatusCode::UNAUTHORIZED, "invalid_token"),
            Err(fault) => fault.into_response(),
        },
        Ok(Some(_)) => not_valid(StatusCode::FORBIDDEN, "insufficient_scope"),
        Ok(None) => not_valid(StatusCode::UNAUTHORIZED, "invalid_token"),
        Err(fault) => fault.into_response(),
    }
}

fn not_valid(status: StatusCode, error: &str) -> Response {
    let mut response = status.into_response();
    if let Ok(challenge) = HeaderValue::try_from(format!("Bearer error=\"{error}\"")) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

pub(crate) async fn introspect(
    State(provider): State<Provider>,
    form: Result<Form, OauthError>,
) -> Result<Response, OauthError> {
    let form = form?;
    let client = provider.client_of(&form).await?;
    if !client.may_introspect || client.secret_sha256.is_none() {
        let (error, said) = ("unauthorized_client", "the client may not look at tokens");
        return Err(OauthError { status: StatusCode::FORBIDDEN, error, said });
    }
    let token = form.params.need("token")?;
    let body = match provider.live(token).await? {
        Some(principal) => json!({
            "active": true,
            "token_type": "Bearer",
            "iss": provider.options().issuer,
            "aud": provider.options().audience,
            "sub": principal.subject,
            "client_id": principal.client,
            "scope": principal.scopes.iter().map(|s| s.0.as_str()).collect::<Vec<_>>().join(" "),
            "jti": principal.token,
            "iat": principal.issued,
            "exp": principal.expires,
            "acr": principal.acr,
            "auth_time": principal.auth_time,
        }),
        None => json!({ "active": false }),
    };
    Ok(answered(&body, "no-store"))
}

impl Provider {
    /// Who shows an access token that still holds: its grant goes on, and its owner has neither
    /// signed out nor been forgotten.
    pub(crate) async fn live(
        &self,
        token: &str,
    ) -> Result<Option<std::sync::Arc<Principal>>, Fault> {
        let Ok(principal) = self.verifier().verify(token).await else { return Ok(None) };
        Ok(self.holds(&principal).await?.then_some(principal))
    }

    /// Whether what a token was given for still holds.
    pub(crate) async fn holds(&self, principal: &Principal) -> Result<bool, Fault> {
        if let Some(grant) = grant_named(&principal.token) {
            let standing = self.grants().standing(&grant.to_string()).await?;
            // A client that asks for itself has opened none.
            let is_good = match standing.state {
                Grant::Open(_) => true,
                Grant::Unknown => principal.session.is_none(),
                Grant::Ended => false,
            };
            if !is_good {
                return Ok(false);
            }
        }
        if !self.owner_stands(principal).await? {
            return Ok(false);
        }
        if let Some(session) = principal.session.as_ref().and_then(|id| id.parse().ok())
            && self.has_signed_out(session).await?
        {
            return Ok(false);
        }
        Ok(true)
    }

    /// Whether the owner of a token still is somebody, and has not changed by what he proves
    /// himself since. A client that asks for itself is its own owner.
    async fn owner_stands(&self, principal: &Principal) -> Result<bool, Fault> {
        let (Some(at), Ok(user)) = (principal.auth_time, principal.subject.parse()) else {
            return Ok(principal.session.is_none());
        };
        let profile = self.profile(user).await?;
        Ok(profile.is_some_and(|profile| at >= profile.sign_ins_from))
    }

    async fn known_of(&self, principal: &Principal) -> Result<Option<Value>, Fault> {
        let subject = &principal.subject;
        let Some(user) = subject.parse().ok() else { return Ok(None) };
        let Some(user) = self.profile(user).await? else { return Ok(None) };
        let mut body = json!({ "sub": subject });
        if principal.may("profile")
            && let Opened::Plain(name) = self.vault().unseal(subject, "name", &user.name)?
        {
            body["name"] = name.into();
            body["roles"] = user.roles.iter().map(|role| role.name()).collect();
        }
        if principal.may("email")
            && let Opened::Plain(email) = self.vault().unseal(subject, "email", &user.email)?
        {
            body["email"] = email.into();
            body["email_verified"] = user.is_verified.into();
        }
        Ok(Some(body))
    }
}
