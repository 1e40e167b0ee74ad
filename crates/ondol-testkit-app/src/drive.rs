//! Going on: until nothing is left to do, until something is done, until a time has come.

use std::pin::pin;
use std::time::Duration;

use ondol_doors::Clock;

use crate::TestApp;
use crate::app::Life;

/// How long, on the clock of the test, something may take to be done.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// The least that the runtime's own time goes on.
const A_MOMENT: Duration = Duration::from_millis(1);

impl TestApp {
    /// Goes on until no task has anything left to do. No time passes.
    ///
    /// # Panics
    /// When a task that the app cannot do without has failed.
    #[track_caller]
    pub fn settle(&self) {
        self.life().runtime.block_on(idle());
        self.fail_if_a_task_has();
    }

    /// Lets time pass: from one who waits for it to the next, and everything that follows from
    /// waking each is done before the next one wakes.
    ///
    /// # Panics
    /// When a task that the app cannot do without has failed.
    #[track_caller]
    pub fn advance(&self, duration: Duration) {
        let until = self.clock.running().saturating_add(duration);
        self.settle();
        while let Some(due) = self.clock.next_due().filter(|due| *due <= until) {
            self.clock.advance_to(due);
            self.settle();
        }
        self.clock.advance_to(until);
        self.settle();
    }

    /// Lets time pass all at once, as for a machine that was suspended: who has waited for a time
    /// that is over wakes now.
    ///
    /// # Panics
    /// When a task that the app cannot do without has failed.
    #[track_caller]
    pub fn leap(&self, duration: Duration) {
        self.settle();
        self.clock.advance(duration);
        self.settle();
    }

    /// Goes on until something is done. Should everything come to wait for time meanwhile, time
    /// passes.
    ///
    /// # Panics
    /// When it is not done within a day, by the clock of the test, or waits for nothing.
    #[track_caller]
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let until = self.clock.running().saturating_add(PATIENCE);
        let done = self.life().runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return Some(done),
                    () = idle() => {}
                }
                let due = self.clock.next_due().filter(|due| *due <= until)?;
                self.clock.advance_to(due);
            }
        });
        done.unwrap_or_else(|| {
            self.fail_if_a_task_has();
            fail("it waits for what never comes: nothing has anything left to do")
        })
    }

    /// Lets something go on beside the app, until the app ends; should it panic, the test fails.
    pub fn beside(&self, name: &str, work: impl Future<Output = ()> + Send + 'static) {
        let Life { runtime, supervisor, .. } = self.life();
        let _inside = runtime.enter();
        supervisor.start(name, move |mut stop| async move {
            tokio::select! {
                // Whoever could stop it is gone, or has done so: either way it ends.
                _told = stop.wait_for(|stop| *stop) => {}
                () = work => {}
            }
            Ok(())
        });
    }

    #[track_caller]
    pub(crate) fn fail_if_a_task_has(&self) {
        if let Some(end) = self.life().supervisor.failure() {
            fail(&format!("{} has ended: {:?}", end.task, end.ending));
        }
    }
}

/// Comes to its end when nothing else has anything to do. The runtime's own time is stopped, and
/// goes on by itself only when no task is awake and none works beside.
async fn idle() {
    tokio::time::sleep(A_MOMENT).await;
}

#[track_caller]
#[expect(clippy::panic, reason = "what does not go as told fails its test")]
pub(crate) fn fail(message: &str) -> ! {
    panic!("{message}")
}
