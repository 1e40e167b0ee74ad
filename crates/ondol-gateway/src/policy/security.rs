//! What answers say to browsers, whoever makes them: the service, or the gateway that refuses.

use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use ondol_resilience::Mode;

use super::NotMade;
use crate::config::SecurityOptions;
use crate::gateway::Core;

/// Noted when an answer would have been changed.
const OBSERVED: &str = "gateway-answer-unprotected";

/// What answers say to browsers.
#[derive(Debug)]
pub(crate) struct Security {
    mode: Mode,
    hsts: Option<HeaderValue>,
    /// Said in place of what the service says.
    set: Vec<(HeaderName, HeaderValue)>,
    /// Said if the service does not say it, which knows better how strict it can be.
    missing: Vec<(HeaderName, HeaderValue)>,
    /// Said beside what the service says: both hold.
    frames: Option<HeaderValue>,
}

impl Security {
    /// Ready to be said; none, if it is off.
    pub(crate) fn new(options: &SecurityOptions) -> Result<Option<Self>, NotMade> {
        match options.mode {
            Mode::Off => Ok(None),
            Mode::Observe | Mode::Enforce => Self::read(options).map(Some).ok_or(NotMade),
        }
    }

    fn read(options: &SecurityOptions) -> Option<Self> {
        let below = if options.hsts_subdomains { "; includeSubDomains" } else { "" };
        let hsts = format!("max-age={}{below}", options.hsts.as_secs());
        let mut set = Vec::new();
        if options.nosniff {
            set.push((X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
        }
        for (name, value) in &options.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            set.push((name, HeaderValue::from_str(value).ok()?));
        }
        let mut missing = Vec::new();
        if !options.referrer_policy.is_empty() {
            let value = HeaderValue::from_str(&options.referrer_policy).ok()?;
            missing.push((REFERRER_POLICY, value));
        }
        let frames = match options.frame_ancestors.as_str() {
            "" => None,
            pages => Some(HeaderValue::try_from(format!("frame-ancestors {pages}")).ok()?),
        };
        let hsts = (!options.hsts.is_zero()).then(|| HeaderValue::try_from(hsts)).transpose();
        Some(Self { mode: options.mode, hsts: hsts.ok()?, set, missing, frames })
    }

    /// Says it.
    pub(crate) fn tell(&self, core: &Core, over_tls: bool, headers: &mut HeaderMap) {
        if self.mode == Mode::Observe {
            if !self.is_said(over_tls, headers) {
                core.meters.observed(OBSERVED);
            }
            return;
        }
        if let Some(hsts) = self.hsts.as_ref().filter(|_| over_tls) {
            headers.insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        for (name, value) in &self.set {
            headers.insert(name, value.clone());
        }
        for (name, value) in &self.missing {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        if let Some(frames) = &self.frames {
            headers.append(CONTENT_SECURITY_POLICY, frames.clone());
        }
    }

    fn is_said(&self, over_tls: bool, headers: &HeaderMap) -> bool {
        let hsts = self.hsts.is_none() || !over_tls;
        let policies = headers.get_all(CONTENT_SECURITY_POLICY).iter();
        let mut frames = policies.filter_map(|policy| policy.to_str().ok());
        (hsts || headers.contains_key(STRICT_TRANSPORT_SECURITY))
            && self.set.iter().all(|(name, value)| headers.get(name) == Some(value))
            && self.missing.iter().all(|(name, _)| headers.contains_key(name))
            && (self.frames.is_none() || frames.any(|policy| policy.contains("frame-ancestors")))
    }
}
