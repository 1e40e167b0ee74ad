//! The gateway's clock, as the guards of backends read it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ondol_doors::Clock;
use ondol_resilience::{Tick, Time};

/// Time as this clock tells it.
pub(crate) fn of(clock: &Arc<dyn Clock>) -> Time {
    Time::of(Guards(Arc::clone(clock)))
}

struct Guards(Arc<dyn Clock>);

impl ondol_resilience::Clock for Guards {
    fn now(&self) -> Tick {
        Tick::ZERO.after(self.0.running())
    }

    fn sleep_until(&self, at: Tick) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let sleep = self.0.sleep(at.since(self.now()));
        Box::pin(sleep)
    }
}
