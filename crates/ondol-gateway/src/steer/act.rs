//! What a person does to what is steered.

use std::sync::atomic::Ordering;

use super::canary::{Progress, Stage};
use super::judged::Canary;
use super::{Steering, Switch};
use crate::config::{CanaryOptions, Colour};

/// What is done to a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CanaryAct {
    /// Stays at its step, until thawed. It is still rolled back when it fails.
    Freeze,
    /// Goes on.
    Thaw,
    /// Goes to this step.
    Force(u8),
    /// Gets nothing.
    RollBack,
    /// Begins anew.
    Restart,
}

/// Why something cannot be steered so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SteerError {
    /// There is no such route.
    #[error("there is no route `{name}`{}", hint(.meant.as_deref()))]
    NoSuchRoute {
        /// The name.
        name: String,
        /// The name that was probably meant.
        meant: Option<String>,
    },
    /// There is no such backend.
    #[error("there is no backend `{name}`{}", hint(.meant.as_deref()))]
    NoSuchBackend {
        /// The name.
        name: String,
        /// The name that was probably meant.
        meant: Option<String>,
    },
    /// The backend has no such instance.
    #[error("the backend has no instance `{0}`")]
    NoSuchEndpoint(String),
    /// The route or the backend has nothing of this kind.
    #[error("`{name}` has no {what}")]
    Nothing {
        /// Its name.
        name: String,
        /// What it has not.
        what: &'static str,
    },
    /// Nobody else would be left.
    #[error("it is the last instance that serves")]
    Last,
    /// The backend cannot be made ready so.
    #[error("the backend cannot be made ready: {0}")]
    Backend(String),
    /// The canary has no such step.
    #[error("{asked} is none of the steps {steps:?}")]
    NoSuchStep {
        /// What was asked for.
        asked: u8,
        /// What there is.
        steps: Vec<u8>,
    },
    /// It is over.
    #[error("the canary is over ({0}); restart it, or force it to a step")]
    Over(&'static str),
    /// It is so already.
    #[error("it is so already")]
    Already,
}

fn hint(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

impl Steering {
    /// Does it, and keeps it.
    pub(crate) fn act(
        &self,
        canary: &Canary,
        options: &CanaryOptions,
        act: CanaryAct,
        at_micros: i64,
        why: &str,
    ) -> Result<(), SteerError> {
        canary.change(|progress| apply(progress, options, act, at_micros, why))?;
        self.moved();
        Ok(())
    }

    /// Turns a switch.
    pub(crate) fn turn(&self, switch: &Switch, to: Colour) -> Result<(), SteerError> {
        if switch.active() == to {
            return Err(SteerError::Already);
        }
        switch.green.store(to == Colour::Green, Ordering::Relaxed);
        self.moved();
        Ok(())
    }
}

fn apply(
    progress: &mut Progress,
    options: &CanaryOptions,
    act: CanaryAct,
    at_micros: i64,
    why: &str,
) -> Result<(), SteerError> {
    match act {
        CanaryAct::Freeze | CanaryAct::Thaw => {
            if progress.stage != Stage::Walking {
                return Err(SteerError::Over(progress.stage.name()));
            }
            let frozen = act == CanaryAct::Freeze;
            if progress.frozen == frozen {
                return Err(SteerError::Already);
            }
            progress.frozen = frozen;
            (progress.good, progress.missing) = (0, 0);
        }
        CanaryAct::Force(step) => {
            if !options.steps.contains(&step) {
                let steps = options.steps.clone();
                return Err(SteerError::NoSuchStep { asked: step, steps });
            }
            progress.go(Stage::Walking, step, at_micros, why);
        }
        CanaryAct::RollBack => {
            if progress.stage == Stage::RolledBack {
                return Err(SteerError::Already);
            }
            progress.frozen = false;
            progress.go(Stage::RolledBack, 0, at_micros, why);
        }
        CanaryAct::Restart => {
            let first = options.steps.first().copied().unwrap_or(100);
            progress.begin_anew();
            progress.go(Stage::Walking, first, at_micros, why);
        }
    }
    Ok(())
}
