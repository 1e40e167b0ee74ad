//! Why somebody is not let in, and what he is told would help (RFC 6750, RFC 9449, RFC 9470).

use std::fmt::Write as _;

use http::{HeaderValue, StatusCode};
use ondol_auth::{ProofError, VerifyError};

/// Why somebody is not let in.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum Refusal {
    /// He does not say who he is.
    Missing,
    /// He says it twice.
    Twice(&'static str),
    /// His token is not believed.
    Token(VerifyError),
    /// It cannot be found out whether his token is to be believed.
    Unknown(&'static str),
    /// He does not prove that the token is his.
    Proof(ProofError),
    /// The token is bound to another certificate.
    OtherCertificate,
    /// A browser brings a cookie from a page of another site.
    Page,
    /// His key is not believed.
    Key(&'static str),
    /// His certificate is nobody's here.
    Certificate,
    /// His token does not allow what is asked for.
    Scope(String),
    /// He is not who may do this.
    NotHis(String),
    /// He would have to prove himself again, or more strongly.
    StepUp(StepUp),
    /// Whoever is asked says no.
    Forbidden(u16),
    /// Whoever is to be asked does not answer.
    Silent(String),
}

/// How somebody would have to prove himself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StepUp {
    pub(crate) acr: Vec<String>,
    pub(crate) max_age: Option<u64>,
}

/// A refusal, and what is said with it.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) refusal: Refusal,
    /// The realm of tokens, where they are taken; of an authorizer, its whole challenge.
    pub(crate) realm: Option<HeaderValue>,
    /// Whether keys are taken.
    pub(crate) keys: bool,
}

impl Said {
    /// The stable code: the name of its page in docs/errors.
    pub(crate) const fn code(&self) -> &'static str {
        match &self.refusal {
            Refusal::Missing => "gateway-caller-unknown",
            Refusal::Twice(_) => "gateway-caller-ambiguous",
            Refusal::Token(_) | Refusal::OtherCertificate => "gateway-token-invalid",
            Refusal::Unknown(_) => "gateway-issuer-unavailable",
            Refusal::Proof(_) => "gateway-proof-invalid",
            Refusal::Page => "gateway-cookie-refused",
            Refusal::Key(_) => "gateway-key-invalid",
            Refusal::Certificate => "gateway-certificate-unknown",
            Refusal::Scope(_) => "gateway-scope-missing",
            Refusal::NotHis(_) => "gateway-not-allowed",
            Refusal::StepUp(_) => "gateway-step-up",
            Refusal::Forbidden(_) => "gateway-authorizer-refused",
            Refusal::Silent(_) => "gateway-authorizer-silent",
        }
    }

    /// The status.
    pub(crate) const fn status(&self) -> StatusCode {
        match &self.refusal {
            Refusal::Twice(_) => StatusCode::BAD_REQUEST,
            Refusal::Missing
            | Refusal::Token(_)
            | Refusal::OtherCertificate
            | Refusal::Proof(_)
            | Refusal::Key(_)
            | Refusal::StepUp(_)
            | Refusal::Forbidden(401) => StatusCode::UNAUTHORIZED,
            Refusal::Page
            | Refusal::Certificate
            | Refusal::Scope(_)
            | Refusal::NotHis(_)
            | Refusal::Forbidden(_) => StatusCode::FORBIDDEN,
            Refusal::Unknown(_) | Refusal::Silent(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What the client is told, in one sentence that gives nothing away.
    pub(crate) const fn title(&self) -> &'static str {
        match &self.refusal {
            Refusal::Missing => "This is only for those who say who they are.",
            Refusal::Twice(_) => "The request does not say who asks, in one way only.",
            Refusal::Token(_) | Refusal::OtherCertificate => "The token is not valid here.",
            Refusal::Unknown(_) => "Tokens cannot be verified at the moment.",
            Refusal::Proof(_) => "The request does not prove that the token is its sender's.",
            Refusal::Page => {
                "Pages of this site may not act here with the cookies of their readers."
            }
            Refusal::Key(_) => "The key is not valid here.",
            Refusal::Certificate => "The certificate is nobody's here.",
            Refusal::Scope(_) => "The token does not allow this.",
            Refusal::NotHis(_) => "This is not for you to do.",
            Refusal::StepUp(_) => "This needs a fresh proof of who you are.",
            Refusal::Forbidden(_) => "This is not allowed.",
            Refusal::Silent(_) => "Whether this is allowed cannot be found out at the moment.",
        }
    }

    /// More about it, for the access log. Nothing that was shown is in it.
    pub(crate) fn detail(&self) -> Option<String> {
        match &self.refusal {
            Refusal::Twice(what) | Refusal::Key(what) | Refusal::Unknown(what) => {
                Some((*what).to_owned())
            }
            Refusal::Token(error) => Some(error.to_string()),
            Refusal::Proof(error) => Some(error.to_string()),
            Refusal::OtherCertificate => {
                Some("the token is bound to another certificate".to_owned())
            }
            Refusal::Scope(scope) => Some(format!("it lacks the scope `{scope}`")),
            Refusal::NotHis(what) | Refusal::Silent(what) => Some(what.clone()),
            Refusal::Forbidden(status) => Some(format!("the authorizer said {status}")),
            Refusal::Missing | Refusal::Page | Refusal::Certificate | Refusal::StepUp(_) => None,
        }
    }

    /// What would be believed, as `WWW-Authenticate` has it.
    pub(crate) fn challenge(&self) -> Option<HeaderValue> {
        let words = match &self.refusal {
            Refusal::Missing => String::new(),
            Refusal::Twice(_) => r#", error="invalid_request""#.to_owned(),
            Refusal::Token(_) | Refusal::OtherCertificate => {
                r#", error="invalid_token""#.to_owned()
            }
            Refusal::Scope(scope) => {
                format!(r#", error="insufficient_scope", scope="{scope}""#)
            }
            Refusal::StepUp(asked) => asked.words(),
            Refusal::Proof(_) => {
                let realm = self.realm_text()?;
                let algorithms = "ES256 EdDSA PS256 RS256";
                let text = format!(
                    r#"DPoP realm="{realm}", error="invalid_dpop_proof", algs="{algorithms}""#
                );
                return HeaderValue::try_from(text).ok();
            }
            Refusal::Key(_) => return Some(HeaderValue::from_static("ApiKey")),
            Refusal::Forbidden(401) => return self.realm.clone(),
            _ => return None,
        };
        match self.realm_text() {
            Some(realm) => HeaderValue::try_from(format!(r#"Bearer realm="{realm}"{words}"#)).ok(),
            None if self.keys => Some(HeaderValue::from_static("ApiKey")),
            None => None,
        }
    }

    fn realm_text(&self) -> Option<&str> {
        self.realm.as_ref()?.to_str().ok()
    }

    /// How long to leave it, in whole seconds.
    pub(crate) const fn retry_after(&self) -> Option<u64> {
        match &self.refusal {
            Refusal::Unknown(_) | Refusal::Silent(_) => Some(5),
            _ => None,
        }
    }
}

impl StepUp {
    /// As RFC 9470 has it.
    fn words(&self) -> String {
        let mut words = r#", error="insufficient_user_authentication""#.to_owned();
        if !self.acr.is_empty() {
            words.push_str(", acr_values=\"");
            words.push_str(&self.acr.join(" "));
            words.push('"');
        }
        if let Some(seconds) = self.max_age {
            let written = write!(words, ", max_age=\"{seconds}\"");
            debug_assert!(written.is_ok(), "a string takes everything");
        }
        words
    }
}
