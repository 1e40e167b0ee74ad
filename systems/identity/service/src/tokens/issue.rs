//! What tokens say, and of whom.

use identity_domain::{GrantId, SignIn};
use ondol_auth::{AccessClaims, Algorithm, TokenType, encode};
use serde::Serialize;

use super::{STRONG, WEAK};
use crate::asked::{Form, OauthError};
use crate::fault::Fault;
use crate::keys;
use crate::options::ClientOptions;
use crate::provider::Provider;
use crate::secrets::drawn;

/// Tokens, and whose they are.
pub(super) type Given = Result<(Tokens, Option<String>), OauthError>;

/// What is given.
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

#[derive(Serialize)]
struct IdClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    azp: &'a str,
    iat: u64,
    exp: u64,
    auth_time: u64,
    acr: &'a str,
    amr: Vec<&'a str>,
    sid: String,
    at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

/// Whom tokens are for, and what they say.
pub(super) struct Issue<'a> {
    pub(super) client: &'a ClientOptions,
    pub(super) scopes: &'a [String],
    pub(super) sign_in: &'a SignIn,
    pub(super) grant: GrantId,
    pub(super) nonce: Option<&'a str>,
    pub(super) refresh: Option<String>,
}

impl Provider {
    /// Tokens for a client that asks for itself.
    pub(super) fn by_itself(&self, client: &ClientOptions, form: &Form) -> Given {
        let scopes = client.scopes(form.params.words("scope"))?;
        let now = self.now();
        // Nobody opens this grant; it gives the token a name under which it can be taken back.
        let grant: GrantId = self.rng().id(self.clock().now());
        let claims = AccessClaims {
            iss: self.options().issuer.clone(),
            sub: client.id.clone(),
            aud: self.options().audience.as_str().into(),
            exp: now + self.options().access_seconds,
            iat: now,
            nbf: None,
            jti: format!("{grant}.{}", drawn(self.rng())),
            client_id: client.id.clone(),
            scope: scopes.join(" "),
            roles: client.roles.clone(),
            sid: None,
            tenant: None,
            acr: None,
            amr: Vec::new(),
            auth_time: None,
            cnf: None,
        };
        let access_token = self.signed(keys::ACCESS, TokenType::Access, &claims)?;
        let tokens = Tokens {
            access_token,
            token_type: "Bearer",
            expires_in: self.options().access_seconds,
            scope: claims.scope,
            refresh_token: None,
            id_token: None,
        };
        Ok((tokens, None))
    }

    pub(super) async fn issue(&self, issue: &Issue<'_>) -> Given {
        let Issue { client, scopes, sign_in, grant, nonce, refresh } = issue;
        let Some(user) = self.profile(sign_in.user).await? else {
            return Err(OauthError::grant("its owner is nobody any more"));
        };
        let (now, options) = (self.now(), self.options());
        let acr = if sign_in.is_strong() { STRONG } else { WEAK };
        let mut amr: Vec<_> = sign_in.methods.iter().map(|method| method.name()).collect();
        if sign_in.is_strong() {
            amr.push("mfa");
        }
        let claims = AccessClaims {
            iss: options.issuer.clone(),
            sub: sign_in.user.to_string(),
            aud: options.audience.as_str().into(),
            exp: now + options.access_seconds,
            iat: now,
            nbf: None,
            jti: format!("{grant}.{}", drawn(self.rng())),
            client_id: client.id.clone(),
            scope: scopes.join(" "),
            roles: user.roles.iter().map(|role| role.name().to_owned()).collect(),
            sid: Some(sign_in.id.to_string()),
            tenant: None,
            acr: Some(acr.to_owned()),
            amr: amr.iter().map(|name| (*name).to_owned()).collect(),
            auth_time: Some(sign_in.at),
            cnf: None,
        };
        let access_token = self.signed(keys::ACCESS, TokenType::Access, &claims)?;
        let id_token = if scopes.iter().any(|scope| scope == "openid") {
            let half =
                aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, access_token.as_bytes());
            let claims = IdClaims {
                iss: &options.issuer,
                sub: claims.sub.clone(),
                aud: &client.id,
                azp: &client.id,
                iat: now,
                exp: now + options.access_seconds,
                auth_time: sign_in.at,
                acr,
                amr,
                sid: sign_in.id.to_string(),
                at_hash: encode(&half.as_ref()[..16]),
                nonce: *nonce,
            };
            Some(self.signed(keys::ID, TokenType::Id, &claims)?)
        } else {
            None
        };
        let tokens = Tokens {
            access_token,
            token_type: "Bearer",
            expires_in: options.access_seconds,
            scope: claims.scope,
            refresh_token: refresh.clone(),
            id_token,
        };
        Ok((tokens, Some(sign_in.user.to_string())))
    }

    fn signed(
        &self,
        algorithm: Algorithm,
        kind: TokenType,
        claims: &impl Serialize,
    ) -> Result<String, Fault> {
        let key = self.keys().active(algorithm, self.clock().now())?;
        Ok(key.sign(kind, claims)?)
    }
}
