//! A desk's faults as whoever asked is told them.

use ondol_bus::CallFailure;
use ondol_store::{AppendError, ReadError};

use super::answers::Fault;
use crate::{HandleError, LoadError};

/// What a fault means to whoever asked.
enum Meaning {
    Later,
    Full,
    Broken,
    Wrong,
}

pub(super) fn told(service: &str, fault: Fault) -> CallFailure {
    let service = service.to_owned();
    match fault {
        Fault::Command(source) => CallFailure::Command { service, source },
        Fault::Handle(HandleError::Held { by, .. }) => CallFailure::Held { service, by },
        Fault::Handle(error) => match meaning(&error) {
            Meaning::Later => CallFailure::Unreachable { service, source: error.into() },
            Meaning::Full => CallFailure::Busy { service, again_after: None },
            Meaning::Broken => CallFailure::Broken { service, source: error.into() },
            Meaning::Wrong => CallFailure::Invalid { service, source: error.into() },
        },
        error => CallFailure::Broken { service, source: error.into() },
    }
}

fn meaning(error: &HandleError) -> Meaning {
    match error {
        HandleError::Key(_) | HandleError::IdTaken { .. } | HandleError::MovedOn { .. } => {
            Meaning::Wrong
        }
        HandleError::Contended { .. } => Meaning::Full,
        HandleError::Load(LoadError::Read(ReadError::Stopped(_) | ReadError::Unavailable(_))) => {
            Meaning::Later
        }
        HandleError::Append(error) => match error {
            AppendError::Busy { .. } => Meaning::Full,
            AppendError::Full(_)
            | AppendError::Stopped(_)
            | AppendError::Unavailable(_)
            | AppendError::Unknown(_) => Meaning::Later,
            _ => Meaning::Broken,
        },
        _ => Meaning::Broken,
    }
}
