//! What can be done to a running gateway.

use http::Method;
use ondol_resilience::Hold;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ControlProblem;
use super::change::Change;
use super::read;
use super::request::Asked;
use crate::config::Colour;
use crate::purge::Purged;
use crate::start::GatewayHandle;
use crate::steer::CanaryAct;

/// Something to be done.
pub(super) enum Act {
    Canary { route: String, act: CanaryAct },
    Switch { route: String, to: Colour },
    Breaker { backend: String, hold: Hold },
    Drain { backend: String, endpoint: String, out: bool },
    ForgetMirror { route: String },
    Purge { route: Option<String>, what: Purged },
    Configure(Box<Change>),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Doing {
    Freeze,
    Thaw,
    Force,
    RollBack,
    Restart,
}

#[derive(Deserialize)]
struct OfCanary {
    act: Doing,
    step: Option<u8>,
}

#[derive(Deserialize)]
struct OfSwitch {
    to: Colour,
}

#[derive(Deserialize)]
struct OfBreaker {
    hold: Hold,
}

#[derive(Deserialize)]
struct OfEndpoint {
    endpoint: String,
}

impl Act {
    /// What is asked for, if it can be understood and what it is about is there.
    pub(super) fn read(handle: &GatewayHandle, asked: &Asked) -> Result<Self, ControlProblem> {
        let act = match (&asked.method, asked.parts().as_slice()) {
            (&Method::PUT, ["config"]) => {
                return Ok(Self::Configure(Box::new(Change::read(handle, asked)?)));
            }
            (&Method::POST, ["versions", number, "restore"]) => {
                let change = Change::back(handle, asked, number)?;
                return Ok(Self::Configure(Box::new(change)));
            }
            (&Method::POST, ["canaries", route]) => {
                Self::Canary { route: (*route).to_owned(), act: canary_act(asked)? }
            }
            (&Method::POST, ["switches", route]) => {
                Self::Switch { route: (*route).to_owned(), to: asked.said::<OfSwitch>()?.to }
            }
            (&Method::POST, ["backends", backend, "breaker"]) => {
                let hold = asked.said::<OfBreaker>()?.hold;
                Self::Breaker { backend: (*backend).to_owned(), hold }
            }
            (&Method::POST, ["backends", backend, verb @ ("drain" | "restore")]) => Self::Drain {
                backend: (*backend).to_owned(),
                endpoint: asked.said::<OfEndpoint>()?.endpoint,
                out: *verb == "drain",
            },
            (&Method::POST, ["cache", "purge"]) => {
                let OfCache { route, what } = asked.said()?;
                Self::Purge { route, what: what.read()? }
            }
            (&Method::POST, ["mirrors", route, "forget"]) => {
                Self::ForgetMirror { route: (*route).to_owned() }
            }
            _ => {
                let what = format!("nothing is changed by {} here", asked.method);
                return Err(ControlProblem::Unknown(what));
            }
        };
        Ok(act)
    }

    /// What it is about, as it is now.
    pub(super) fn state(&self, handle: &GatewayHandle) -> Value {
        match self {
            Self::Canary { route, .. } => read::canary(handle, route).unwrap_or_default(),
            Self::Switch { route, .. } => read::switch(handle, route).unwrap_or_default(),
            Self::Breaker { backend, .. } | Self::Drain { backend, .. } => {
                read::backend_named(handle, backend).unwrap_or_default()
            }
            Self::Purge { route, what } => json!({ "route": route, "what": format!("{what:?}") }),
            Self::ForgetMirror { route } => {
                json!({ "compared": handle.mirror(route).map(|mirror| mirror.compared()) })
            }
            Self::Configure(_) => {
                let version = handle.version();
                json!({ "version": version.number, "tag": version.tag() })
            }
        }
    }

    /// What it would change.
    pub(super) fn trial(&self, handle: &GatewayHandle) -> Result<Value, ControlProblem> {
        match self {
            Self::Configure(change) => change.trial(handle),
            _ => Ok(json!({ "dry_run": true, "now": self.state(handle) })),
        }
    }

    /// Does it.
    pub(super) async fn carry_out(
        &self,
        handle: &GatewayHandle,
        who: &str,
        why: &str,
    ) -> Result<Value, ControlProblem> {
        let by = format!("{who}: {why}");
        match self {
            Self::Canary { route, act } => handle.steer_canary(route, *act, &by)?,
            Self::Switch { route, to } => handle.switch_to(route, *to)?,
            Self::Breaker { backend, hold } => handle.hold_breaker(backend, *hold)?,
            Self::Drain { backend, endpoint, out } => handle.drain(backend, endpoint, *out)?,
            Self::Purge { route, what } => {
                if let Some(route) = route
                    && handle.snapshot().route(route).is_none()
                {
                    return Err(ControlProblem::Unknown(format!("there is no route `{route}`")));
                }
                let purged = handle.purge(route.as_deref(), what);
                let purged =
                    purged.map_err(|error| ControlProblem::Malformed(error.to_string()))?;
                return Ok(json!({ "purged": purged }));
            }
            Self::ForgetMirror { route } => {
                let unknown = || ControlProblem::Unknown(format!("`{route}` has no mirror"));
                handle.mirror(route).ok_or_else(unknown)?.forget();
            }
            Self::Configure(change) => return change.carry_out(handle, who, why).await,
        }
        Ok(Value::Null)
    }
}

#[derive(Deserialize)]
struct OfCache {
    route: Option<String>,
    #[serde(flatten)]
    what: WhatToPurge,
}

/// One of these.
#[derive(Deserialize)]
struct WhatToPurge {
    url: Option<String>,
    below: Option<String>,
    tag: Option<String>,
    #[serde(default)]
    everything: bool,
}

impl WhatToPurge {
    fn read(self) -> Result<Purged, ControlProblem> {
        match (self.url, self.below, self.tag, self.everything) {
            (Some(url), None, None, false) => Ok(Purged::Url(url)),
            (None, Some(below), None, false) => Ok(Purged::Below(below)),
            (None, None, Some(tag), false) => Ok(Purged::Tag(tag)),
            (None, None, None, true) => Ok(Purged::Everything),
            _ => {
                let what = "one of `url`, `below`, `tag` and `everything` says what is to go";
                Err(ControlProblem::Malformed(what.to_owned()))
            }
        }
    }
}

fn canary_act(asked: &Asked) -> Result<CanaryAct, ControlProblem> {
    let OfCanary { act, step } = asked.said()?;
    Ok(match (act, step) {
        (Doing::Force, Some(step)) => CanaryAct::Force(step),
        (Doing::Force, None) => {
            return Err(ControlProblem::Malformed("`force` needs a `step`".to_owned()));
        }
        (Doing::Freeze, _) => CanaryAct::Freeze,
        (Doing::Thaw, _) => CanaryAct::Thaw,
        (Doing::RollBack, _) => CanaryAct::RollBack,
        (Doing::Restart, _) => CanaryAct::Restart,
    })
}
