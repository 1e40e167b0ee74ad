//! Mending what is parked, whatever it is parked by.

use http::StatusCode;
use ondol_http::Problem;
use ondol_kernel::Actor;
use ondol_runtime::{MendError, Running, error_chain};
use ondol_views::{Parked, RepairError, Repaired, Unit};

use super::{AskedError, Mend, MendBody};

const NOT_SO: &str = "What was asked cannot be done as it was asked.";
const NOT_NOW: &str = "It could not be done at the moment.";

pub(super) fn unprocessable(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, NOT_SO).detail(detail)
}

pub(super) fn unavailable(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, NOT_NOW).detail(detail)
}

/// What a mending that came to nothing is answered with.
pub(super) fn problem(error: &MendError) -> Problem {
    let detail = error_chain(error);
    match error {
        MendError::NotParked { .. } | MendError::NoEvent { .. } | MendError::NotJson => {
            unprocessable(error.code(), &detail)
        }
        _ => unavailable(error.code(), &detail),
    }
}

fn repair_problem(error: &RepairError) -> Problem {
    let detail = error_chain(error);
    match error {
        RepairError::NotParked { .. } => unprocessable(error.code(), &detail),
        _ => unavailable(error.code(), &detail),
    }
}

/// Mends, and says what is in the way now.
pub(super) async fn mend(
    running: &Running,
    name: &str,
    asked: MendBody,
) -> Result<Option<Parked>, Problem> {
    let wrong = |error: AskedError| unprocessable(error.code(), &error.to_string());
    let unit: Unit =
        asked.unit.parse().map_err(|error: ondol_views::UnitError| wrong(error.into()))?;
    let by = Actor::new(&*asked.by).map_err(|error| wrong(error.into()))?;
    if let Ok(control) = running.reaction(name) {
        let mended = match (asked.what, asked.data) {
            (Mend::Retry, _) => control.retry(unit, by).await,
            (Mend::Skip, _) => control.skip(unit, by).await,
            (Mend::Edit, Some(data)) => control.edit(unit, by, &data.to_string()).await,
            (Mend::Edit, None) => return Err(wrong(AskedError::NoData)),
        };
        return mended.map(|mended| mended.parked).map_err(|error| problem(&error));
    }
    let control = running.view_control(name);
    let control = control.map_err(|_no| wrong(AskedError::Unknown(name.to_owned())))?;
    let what = asked.what;
    tracing::warn!(view = name, %unit, %by, ?what, "somebody mends what is parked");
    let repaired: Result<Repaired, RepairError> = match what {
        Mend::Retry => control.retry(unit).await,
        Mend::Skip => control.skip(unit).await,
        Mend::Edit => return Err(wrong(AskedError::View)),
    };
    repaired.map(|repaired| repaired.parked).map_err(|error| repair_problem(&error))
}
