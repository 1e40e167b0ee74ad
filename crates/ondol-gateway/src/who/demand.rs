//! What is asked of somebody who has proved who he is. Pure: a principal in, a yes or a refusal out.

use std::time::Duration;

use ondol_auth::Principal;
use ondol_kernel::Timestamp;
use serde_json::Value;

use super::refusal::{Refusal, StepUp};
use crate::config::{AuthOptions, ClaimWanted};

/// What a route asks.
#[derive(Debug, Clone, Default)]
pub(super) struct Demand {
    scopes: Vec<String>,
    roles: Vec<String>,
    claims: Vec<(String, ClaimWanted)>,
    strength: Strength,
}

/// How somebody has to have proved himself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Strength {
    acr: Vec<String>,
    amr: Vec<String>,
    max_age: Option<u64>,
}

impl Demand {
    pub(super) fn new(options: &AuthOptions) -> Self {
        let claims = options.claims.iter();
        Self {
            scopes: options.scopes.clone(),
            roles: options.roles.clone(),
            claims: claims.map(|(name, wanted)| (name.clone(), wanted.clone())).collect(),
            strength: Strength::new(&options.acr, &options.amr, options.max_age),
        }
    }

    /// Whether he is what is asked for, on the ground of this tenant if it is one's.
    pub(super) fn met(
        &self,
        principal: &Principal,
        tenant: Option<&str>,
        now: impl FnOnce() -> Timestamp,
    ) -> Result<(), Refusal> {
        if tenant.is_some() && principal.tenant.as_deref() != tenant {
            return Err(Refusal::NotHis("he is of another tenant".to_owned()));
        }
        if self.scopes.iter().any(|scope| !principal.may(scope)) {
            return Err(Refusal::Scope(self.scopes.join(" ")));
        }
        if !self.roles.is_empty() && !self.roles.iter().any(|role| principal.is(role)) {
            let roles = self.roles.join("`, `");
            return Err(Refusal::NotHis(format!("he is none of `{roles}`")));
        }
        let missed = self.claims.iter().find(|(name, wanted)| {
            !principal.claims.get(name).is_some_and(|claim| wanted.is(claim))
        });
        if let Some((name, _)) = missed {
            return Err(Refusal::NotHis(format!("the claim `{name}` is not what it has to be")));
        }
        self.strength.met(principal, now)
    }
}

impl Strength {
    pub(super) fn new(acr: &[String], amr: &[String], max_age: Option<Duration>) -> Self {
        let max_age = max_age.map(|age| age.as_secs());
        Self { acr: acr.to_vec(), amr: amr.to_vec(), max_age }
    }

    pub(super) fn met(
        &self,
        principal: &Principal,
        now: impl FnOnce() -> Timestamp,
    ) -> Result<(), Refusal> {
        let acr = principal.acr.as_ref();
        let strong = self.acr.is_empty() || acr.is_some_and(|acr| self.acr.contains(acr));
        let by = self.amr.is_empty() || self.amr.iter().any(|amr| principal.amr.contains(amr));
        let fresh = self.max_age.is_none_or(|seconds| principal.proved_within(seconds, now()));
        if strong && by && fresh {
            return Ok(());
        }
        Err(Refusal::StepUp(StepUp { acr: self.acr.clone(), max_age: self.max_age }))
    }
}

impl ClaimWanted {
    /// Whether a claim is this, or a list that holds it.
    fn is(&self, claim: &Value) -> bool {
        match (self, claim) {
            (Self::Any(wanted), claim) => wanted.iter().any(|one| one.is(claim)),
            (_, Value::Array(list)) => list.iter().any(|one| !one.is_array() && self.is(one)),
            (Self::Text(wanted), Value::String(text)) => wanted == text,
            (Self::Number(wanted), Value::Number(number)) => number.as_i64() == Some(*wanted),
            (Self::Truth(wanted), Value::Bool(truth)) => wanted == truth,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
