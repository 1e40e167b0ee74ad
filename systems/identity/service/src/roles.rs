//! Roles: what somebody may be, given and taken by an administrator, with a reason that is written
//! down. An administrator has proved himself by two things, not long ago.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, State};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use identity_domain::user::Command;
use identity_domain::{Role, UserId};
use ondol::{OpenApiRouter, routes};
use ondol_auth::{
    AuthProblem, Caller, Guard, ProofOptions, Proofs, Recent, Required, RoleName, ScopeName,
    Scoped, StepUp, verify_caller,
};
use ondol_http::{Json, OrProblem, Path, Problem};
use serde::{Deserialize, Serialize};

use crate::came_from::address_of;
use crate::fault::Fault;
use crate::journal::{self, Entry};
use crate::provider::Provider;
use crate::tokens::STRONG;

/// How an administrator has to have proved himself before he changes what others may do.
const FRESH: StepUp = StepUp { acr: STRONG, max_age_seconds: 900 };
/// How long a reason may be.
const REASON_CHARS_MAX: usize = 200;

/// The role of those who change roles.
#[derive(Debug)]
enum Admin {}

impl RoleName for Admin {
    const NAME: &'static str = "admin";
}

/// The scope under which a client may do it for them.
#[derive(Debug)]
enum Roles {}

impl ScopeName for Roles {
    const NAME: &'static str = "roles";
}

/// Whose roles.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct Of {
    /// The user's id: the `sub` of his tokens.
    #[param(format = Uuid)]
    user: String,
}

/// Which role of whom.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct RoleOf {
    /// The user's id: the `sub` of his tokens.
    #[param(format = Uuid)]
    user: String,
    /// The role, by its name.
    #[param(example = "teller")]
    role: String,
}

/// Why a role is given or taken.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Why {
    /// What is written down beside the change, for whoever asks later.
    #[schema(example = "begins at the counter on Monday", max_length = 200)]
    reason: String,
}

/// What somebody may be.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Held {
    /// Who.
    #[schema(value_type = String, format = Uuid)]
    user: UserId,
    /// His roles, by their names.
    #[schema(value_type = Vec<String>, example = json!(["user", "teller"]))]
    roles: Vec<Role>,
}

pub(crate) fn routes(provider: &Provider) -> OpenApiRouter<Provider> {
    let clock = std::sync::Arc::clone(provider.verifier().clock());
    let guard = Guard {
        verifier: provider.verifier().clone(),
        proofs: Proofs::new(ProofOptions::default(), clock),
        origin: provider.options().issuer.as_str().into(),
    };
    OpenApiRouter::new()
        .routes(routes!(held))
        .routes(routes!(give, take))
        .layer(middleware::from_fn_with_state(guard, verify_caller))
}

/// An administrator, who is one at this very moment.
#[derive(Debug)]
struct Administrator {
    user: UserId,
    client: String,
    address: Option<IpAddr>,
}

impl FromRequestParts<Provider> for Administrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, provider: &Provider) -> Result<Self, Response> {
        let caller = Caller::from_request_parts(parts, provider).await;
        let caller = caller.map_err(IntoResponse::into_response)?;
        let address = address_of(parts);
        // Whatever else stands there could be anything, and what is written down stays.
        let whose = parts.uri.path().split('/').find_map(|part| part.parse::<UserId>().ok());
        let whose = whose.map_or_else(|| "nobody".to_owned(), |user| user.to_string());
        match allowed(parts, provider, &caller).await {
            Ok(user) => Ok(Self { user, client: caller.client.clone(), address }),
            Err(refusal) => {
                let entry = Entry {
                    action: "role",
                    actor: Some(caller.subject.clone()),
                    client: Some(caller.client.clone()),
                    address,
                    reason: format!(
                        "{} of {whose}",
                        journal::place(&parts.method, &parts.extensions)
                    ),
                };
                Err(match provider.failed(entry).await {
                    Ok(()) => *refusal,
                    Err(fault) => fault.into_response(),
                })
            }
        }
    }
}

/// Whether whoever asks may change roles: his token says so, and so does what is known of him now.
async fn allowed(
    parts: &mut Parts,
    provider: &Provider,
    caller: &Caller,
) -> Result<UserId, Box<Response>> {
    let no = |problem: AuthProblem| Box::new(problem.into_response());
    let ours = |fault: Fault| Box::new(fault.into_response());
    Scoped::<Roles>::from_request_parts(parts, provider).await.map_err(no)?;
    Required::<Admin>::from_request_parts(parts, provider).await.map_err(no)?;
    let recent = Recent::from_request_parts(parts, provider).await.map_err(no)?;
    recent.insist(FRESH).map_err(no)?;
    let taken_back = || no(AuthProblem::taken_back());
    let user: UserId = caller.subject.parse().map_err(|_no_id| taken_back())?;
    let is_good = provider.holds(caller).await.map_err(ours)?;
    let profile = provider.profile(user).await.map_err(ours)?;
    let is_admin = profile.is_some_and(|profile| profile.roles.contains(&Role::Admin));
    if is_good && is_admin { Ok(user) } else { Err(taken_back()) }
}

/// What somebody may be. Whoever asks is an administrator who has just proved himself by two things,
/// through a client with the scope `roles`.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/roles",
    params(Of),
    responses((status = 200, body = Held), OrProblem),
)]
async fn held(
    State(provider): State<Provider>,
    _admin: Administrator,
    Path(Of { user }): Path<Of>,
) -> Result<Response, Problem> {
    let (_, held) = provider.held(&user).await?;
    Ok(Json(held).into_response())
}

/// Gives somebody a role; twice is as good as once. It stands in tokens that are given from then on.
#[utoipa::path(
    put,
    path = "/api/v1/users/{user}/roles/{role}",
    params(RoleOf),
    request_body = Why,
    responses((status = 200, body = Held), OrProblem),
)]
async fn give(
    State(provider): State<Provider>,
    admin: Administrator,
    Path(RoleOf { user, role }): Path<RoleOf>,
    Json(why): Json<Why>,
) -> Result<Response, Problem> {
    provider.change_role(&admin, (&user, &role), &why, |role| Command::Grant { role }).await
}

/// Takes a role from somebody; tokens that still say so are taken back. Nobody takes the role of an
/// administrator from himself.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{user}/roles/{role}",
    params(RoleOf),
    request_body = Why,
    responses((status = 200, body = Held), OrProblem),
)]
async fn take(
    State(provider): State<Provider>,
    admin: Administrator,
    Path(RoleOf { user, role }): Path<RoleOf>,
    Json(why): Json<Why>,
) -> Result<Response, Problem> {
    if user == admin.user.to_string() && role == Role::Admin.name() {
        let title = "Nobody takes the role of an administrator from himself.";
        return Err(Problem::new(StatusCode::CONFLICT, "identity-own-role", title));
    }
    provider.change_role(&admin, (&user, &role), &why, |role| Command::Withdraw { role }).await
}

impl Provider {
    async fn held(&self, user: &str) -> Result<(UserId, Held), Problem> {
        let nobody = Problem::nothing_by_that_name;
        let user: UserId = user.parse().map_err(|_no_id| nobody())?;
        let profile = self.profile(user).await.map_err(|fault| fault.problem())?;
        let profile = profile.ok_or_else(nobody)?;
        Ok((user, Held { user, roles: profile.roles.iter().copied().collect() }))
    }

    async fn change_role(
        &self,
        admin: &Administrator,
        (user, role): (&str, &str),
        why: &Why,
        command: fn(Role) -> Command,
    ) -> Result<Response, Problem> {
        let (user, _) = self.held(user).await?;
        let role = Role::ALL.into_iter().find(|known| known.name() == role);
        let role = role.ok_or_else(Problem::nothing_by_that_name)?;
        let reason = why.reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
            let title = "A change of roles has a reason, of at most 200 letters.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "identity-reason", title));
        }
        let command = command(role);
        let takes = matches!(command, Command::Withdraw { .. });
        let what = if takes { "is no longer" } else { "is" };
        let entry = Entry {
            action: "role",
            actor: Some(admin.user.to_string()),
            client: Some(admin.client.clone()),
            address: admin.address,
            reason: format!("{user} {what} {}: {reason}", role.name()),
        };
        let done = async {
            // Written down first: what is not known to have been decided is not done.
            self.succeeded(entry).await?;
            self.ask(self.users(), &user.to_string(), command).await
        };
        let done: Result<_, Fault> = done.await;
        let done = done.map_err(|fault| fault.problem())?;
        done.map_err(|_refusal| Problem::nothing_by_that_name())?;
        if takes {
            self.verifier().revocations().subject(&user.to_string(), self.now());
        }
        let (_, held) = self.held(&user.to_string()).await?;
        Ok(Json(held).into_response())
    }
}
