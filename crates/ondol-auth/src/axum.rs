//! Who asks, for routes of axum: a layer that verifies, and extractors that insist.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use ::axum::extract::{FromRequestParts, Request, State};
use ::axum::middleware::Next;
use ::axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use ondol_http::Problem;

use crate::{BearerError, Principal, ProofAsked, Proofs, Verifier, VerifyError, bearer};

/// What the layer verifies with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Whose tokens are believed.
    pub verifier: Verifier,
    /// Where proofs of bound tokens are judged.
    pub proofs: Proofs,
    /// Where the service is reached, as proofs name it: `https://bank.example`.
    pub origin: Arc<str>,
}

/// Middleware: whoever shows a token is known to what follows; a token that is not believed ends
/// the request here. A request without one goes on, and routes that insist on a caller refuse it.
///
/// # Errors
/// 401 for a token that is not believed, 400 for two of them.
pub async fn verify_caller(
    State(guard): State<Guard>,
    mut request: Request,
    next: Next,
) -> Result<Response, AuthProblem> {
    // What somebody else has put there is nobody's word.
    request.extensions_mut().remove::<Caller>();
    match bearer(request.headers()) {
        Err(BearerError::Missing) => {}
        Err(error) => return Err(AuthProblem::bearer(error)),
        Ok((token, with_proof)) => {
            let verified = guard.verifier.verify(token).await;
            let principal = verified.map_err(|error| AuthProblem::token(&error))?;
            guard.hold_against(&principal, token, with_proof, &request)?;
            let name = Arc::from(format!("{}\n{}", principal.subject, principal.client));
            request.extensions_mut().insert(ondol_http::Principal(name));
            request.extensions_mut().insert(Caller(principal));
            request.extensions_mut().insert(guard);
        }
    }
    Ok(next.run(request).await)
}

impl Guard {
    fn hold_against(
        &self,
        principal: &Principal,
        token: &str,
        with_proof: bool,
        request: &Request,
    ) -> Result<(), AuthProblem> {
        let bound = principal.bound.as_ref().is_some_and(|bound| bound.jkt.is_some());
        if bound != with_proof {
            return Err(AuthProblem::proof());
        }
        let mut proofs = request.headers().get_all("dpop").iter();
        let proof = proofs.next().and_then(|proof| proof.to_str().ok());
        let address = format!("{}{}", self.origin, request.uri().path());
        let asked = ProofAsked { method: request.method().as_str(), address: &address, token };
        let checked = self.proofs.check(principal, proof, None, asked);
        match checked {
            Ok(()) if proofs.next().is_none() => Ok(()),
            Ok(()) => Err(AuthProblem::proof()),
            Err(error) => {
                tracing::info!(%error, "a proof was not believed");
                Err(AuthProblem::proof())
            }
        }
    }
}

/// Why a caller is turned away: a problem, and the challenge that says what would be believed.
#[derive(Debug, Clone)]
pub struct AuthProblem {
    problem: Box<Problem>,
    challenge: Option<String>,
}

impl AuthProblem {
    /// The same as a problem, without its challenge.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The token was good, and its issuer knows better.
    pub fn taken_back() -> Self {
        Self::token(&VerifyError::Revoked)
    }

    fn challenged(problem: Problem, challenge: &str) -> Self {
        Self { problem: Box::new(problem), challenge: Some(challenge.to_owned()) }
    }

    fn bearer(error: BearerError) -> Self {
        let problem = match error {
            BearerError::Missing => {
                let title = "This is only for those who say who they are.";
                let problem = Problem::new(StatusCode::UNAUTHORIZED, "auth-token-missing", title);
                return Self::challenged(problem, "Bearer");
            }
            BearerError::Twice | BearerError::NotBearer => {
                let title = "The request does not say who asks, in one way only.";
                Problem::new(StatusCode::BAD_REQUEST, "auth-authorization", title)
            }
        };
        Self::challenged(problem.detail(&error), r#"Bearer error="invalid_request""#)
    }

    fn token(error: &VerifyError) -> Self {
        tracing::info!(%error, code = error.code(), "a token was not believed");
        if *error == VerifyError::NoKeys {
            let title = "Tokens cannot be verified at the moment.";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let problem = Problem::new(status, "auth-keys-unavailable", title).retry_after(5);
            return Self { problem: Box::new(problem), challenge: None };
        }
        let title = "The token is not valid here.";
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "auth-token-invalid", title);
        Self::challenged(problem, r#"Bearer error="invalid_token""#)
    }

    fn proof() -> Self {
        let title = "The request does not prove that the token is its sender's.";
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "auth-proof-invalid", title);
        Self::challenged(problem, r#"DPoP error="invalid_dpop_proof""#)
    }

    fn scope(needed: &str) -> Self {
        let title = "The token does not allow this.";
        let problem = Problem::new(StatusCode::FORBIDDEN, "auth-scope-missing", title);
        let challenge = format!(r#"Bearer error="insufficient_scope", scope="{needed}""#);
        Self::challenged(problem.with("scope", needed), &challenge)
    }

    fn role() -> Self {
        let title = "This is not for you to do.";
        let problem = Problem::new(StatusCode::FORBIDDEN, "auth-role-missing", title);
        Self { problem: Box::new(problem), challenge: None }
    }

    fn step_up(asked: StepUp) -> Self {
        let StepUp { acr, max_age_seconds } = asked;
        let title = "This needs a fresh proof of who you are.";
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "auth-step-up", title);
        let problem = problem.with("acr_values", acr).with("max_age", max_age_seconds);
        let challenge = format!(
            r#"Bearer error="insufficient_user_authentication", acr_values="{acr}", max_age="{max_age_seconds}""#
        );
        Self::challenged(problem, &challenge)
    }
}

impl IntoResponse for AuthProblem {
    fn into_response(self) -> Response {
        let mut response = (*self.problem).into_response();
        let challenge = self.challenge.and_then(|text| HeaderValue::try_from(text).ok());
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Who asks. Without a token, the answer is 401.
#[derive(Debug, Clone)]
pub struct Caller(pub Arc<Principal>);

impl Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = AuthProblem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, AuthProblem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| AuthProblem::bearer(BearerError::Missing))
    }
}

/// A role, as a type.
pub trait RoleName {
    /// What it is called.
    const NAME: &'static str;
}

/// A scope, as a type.
pub trait ScopeName {
    /// What it is called.
    const NAME: &'static str;
}

/// Who asks, and has a role; otherwise the answer is 403.
#[derive(Debug, Clone)]
pub struct Required<R>(pub Caller, PhantomData<fn() -> R>);

/// Who asks, and was allowed this; otherwise the answer is 403.
#[derive(Debug, Clone)]
pub struct Scoped<S>(pub Caller, PhantomData<fn() -> S>);

impl<R: RoleName, S: Send + Sync> FromRequestParts<S> for Required<R> {
    type Rejection = AuthProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthProblem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.is(R::NAME) { Ok(Self(caller, PhantomData)) } else { Err(AuthProblem::role()) }
    }
}

impl<N: ScopeName, S: Send + Sync> FromRequestParts<S> for Scoped<N> {
    type Rejection = AuthProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthProblem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.may(N::NAME) {
            Ok(Self(caller, PhantomData))
        } else {
            Err(AuthProblem::scope(N::NAME))
        }
    }
}

/// How freshly, and how strongly, somebody has to have proved who he is (RFC 9470).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepUp {
    /// How strongly.
    pub acr: &'static str,
    /// How freshly.
    pub max_age_seconds: u64,
}

/// Who asks, for routes that sometimes need a fresh proof: it depends on the amount.
#[derive(Debug, Clone)]
pub struct Recent {
    /// Who asks.
    pub caller: Caller,
    guard: Guard,
}

impl Recent {
    /// Insists on a fresh proof.
    ///
    /// # Errors
    /// With the challenge that tells the client how to come by one.
    pub fn insist(&self, on: StepUp) -> Result<(), AuthProblem> {
        let now = self.guard.verifier.clock().now();
        let strong = self.caller.acr.as_deref() == Some(on.acr);
        if strong && self.caller.proved_within(on.max_age_seconds, now) {
            Ok(())
        } else {
            Err(AuthProblem::step_up(on))
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Recent {
    type Rejection = AuthProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthProblem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let guard = parts.extensions.get::<Guard>().cloned();
        let guard = guard.ok_or_else(|| AuthProblem::bearer(BearerError::Missing))?;
        Ok(Self { caller, guard })
    }
}
