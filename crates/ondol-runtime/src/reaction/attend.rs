//! One event, tried as often as it may be.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use ondol_bus::is_untold;
use ondol_doors::Clock;
use ondol_lease::Duty;

use super::act::{Act, Acted, Delivered, Fault};
use super::options::ReactionOptions;

/// What everyone who deals with an event needs.
#[derive(Debug)]
pub(super) struct Attending {
    pub(super) act: Arc<dyn Act>,
    pub(super) options: ReactionOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) duty: Duty,
    pub(super) trouble: Trouble,
}

/// An event that was tried as often as it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Poison {
    pub(super) reason: String,
    pub(super) tries: u32,
}

/// What goes wrong at present although it will pass.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<(usize, String)>);

impl Trouble {
    pub(super) fn now(&self) -> Option<String> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (held.0 > 0).then(|| held.1.clone())
    }

    fn begins(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 += 1;
    }

    fn is(&self, reason: &str) {
        reason.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).1);
    }

    fn ends(&self) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.0 = held.0.saturating_sub(1);
    }
}

/// Counts as trouble for as long as it is held.
struct Troubled<'a>(&'a Trouble);

impl<'a> Troubled<'a> {
    fn by(trouble: &'a Trouble) -> Self {
        trouble.begins();
        Self(trouble)
    }
}

impl Drop for Troubled<'_> {
    fn drop(&mut self) {
        self.0.ends();
    }
}

impl Attending {
    /// Tries until it is done, or will not be.
    pub(super) async fn attend(&self, delivered: &Delivered) -> Result<Acted, Poison> {
        if is_untold(&delivered.event) {
            let reason = "feed-untold: whoever publishes it cannot tell it at present".to_owned();
            return Err(Poison { reason, tries: 1 });
        }
        let (mut tries, mut failures, mut troubled) = (0, 0_u32, None);
        loop {
            if !self.duty.is_on() {
                // Another process does it from now on; whoever waits for this is about to hear.
                return std::future::pending().await;
            }
            let fault = match Guarded(self.act.act(delivered)).await {
                Ok(Ok(acted)) => return Ok(acted),
                Ok(Err(fault)) => fault,
                Err(panic) => Fault::Fails(format!("panicked: {panic}")),
            };
            failures = failures.saturating_add(1);
            let is_over = match &fault {
                Fault::Passes(_) => false,
                Fault::Fails(_) => {
                    tries += 1;
                    tries >= self.options.tries_max
                }
                Fault::Never(_) => {
                    tries += 1;
                    true
                }
            };
            if is_over {
                return Err(Poison { reason: fault.reason().to_owned(), tries });
            }
            let troubled = troubled.get_or_insert_with(|| Troubled::by(&self.trouble));
            troubled.0.is(fault.reason());
            self.clock.sleep(self.options.pause(failures)).await;
        }
    }
}

/// Work whose panic is an outcome like others.
struct Guarded<'a, T>(Pin<Box<dyn Future<Output = T> + Send + 'a>>);

impl<T> Future for Guarded<'_, T> {
    type Output = Result<T, String>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // What a panic leaves half done is dropped with the future and never polled again.
        let polled = catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context)));
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(crate::supervisor::said(panic.as_ref()))),
        }
    }
}
