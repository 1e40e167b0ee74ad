//! What has to hold after whatever a test has done.

use ondol_runtime::{Running, error_chain};
use ondol_views::Extent;

use crate::TestApp;
use crate::drive::fail;

impl TestApp {
    /// Checks, once everything is settled, what has to hold whatever has been done: every task
    /// that is needed runs, nothing is parked, and every view is what a replay makes of its log.
    ///
    /// # Panics
    /// When something does not hold.
    #[track_caller]
    pub fn check(&self) {
        self.settle();
        for running in &self.stage().services {
            self.nothing_is_parked(running);
            for standing in running.views() {
                self.is_what_a_replay_makes(running, &standing.view);
            }
        }
    }

    #[track_caller]
    fn nothing_is_parked(&self, running: &Running) {
        let service = &running.description().service;
        let listed = match self.run(running.home().views.list()) {
            Ok(listed) => listed,
            Err(error) => fail(&format!("the views of {service} cannot be listed: {error}")),
        };
        if let Some(parking) = listed.iter().find(|status| status.parked > 0) {
            let (view, count) = (&parking.definition.id, parking.parked);
            fail(&format!("{count} of {view} in {service} are parked"));
        }
    }

    #[track_caller]
    fn is_what_a_replay_makes(&self, running: &Running, view: &str) {
        let service = &running.description().service;
        let control = running.view_control(view).expect("it was listed");
        match self.run(control.verify(Extent::Whole)) {
            Ok(verified) if verified.is_equal() => {}
            Ok(verified) => fail(&format!("{view} of {service} is no replay: {verified:#?}")),
            Err(error) => fail(&format!("{view} of {service}: {}", error_chain(&error))),
        }
    }
}
