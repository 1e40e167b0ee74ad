//! Folds one set of documents on, session after session, for as long as that makes sense.

use ondol_domain::View;
use tokio::sync::{mpsc, watch};

use super::FollowError;
use super::core::Core;
use super::repair::Repair;
use super::session::{Session, told_to_stop};
use super::state::Phase;

/// Folds on until told to stop, or until something is wrong that waiting does not mend.
pub(super) async fn follow<V: View>(
    core: &Core<V>,
    mut repairs: mpsc::Receiver<Repair>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), FollowError> {
    let mut failures = 0_u32;
    loop {
        let begun = core.state.borrow().checkpoints.clone();
        let outcome = match Session::open(core).await {
            Ok(session) => session.run(&mut repairs, &mut stop).await,
            Err(error) => Err(error),
        };
        let error = match outcome {
            Ok(()) => {
                tell(core, Phase::Stopped);
                return Ok(());
            }
            Err(error) => error,
        };
        if !error.is_worth_retrying() {
            tell(core, Phase::Stopped);
            core.state.send_modify(|progress| progress.failure = Some(error.in_full()));
            return Err(error);
        }
        let has_come_on = core.state.borrow().checkpoints != begun;
        failures = if has_come_on { 1 } else { failures.saturating_add(1) };
        core.state.send_modify(|progress| {
            progress.phase = Phase::Waiting;
            progress.failure = Some(error.in_full());
        });
        tokio::select! {
            () = core.clock.sleep(core.options.pause(failures)) => {}
            () = told_to_stop(&mut stop) => return Ok(()),
        }
    }
}

fn tell<V: View>(core: &Core<V>, phase: Phase) {
    core.state.send_modify(|progress| progress.phase = phase);
}
