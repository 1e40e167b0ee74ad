//! What a route insists on before a request goes on, and what it adds to the answer.
//!
//! The order is the same for every route: from where → who asks → whether he may → how much → whether
//! the request makes sense. What is only observed is decided and noted like the rest, and passes.

mod from;

use http::HeaderMap;
use ondol_resilience::Mode;

use crate::config::RouteOptions;
use crate::gateway::{Core, Exchange, Record};
use crate::problem::Problem;

use from::From;

/// The policies of a route.
pub(crate) struct Policies {
    from: Option<From>,
}

/// A request that may go on, and what its answer is told because of that.
#[derive(Debug, Default)]
pub(crate) struct Admitted {}

impl Policies {
    /// Those of a route; none, if it insists on nothing.
    pub(crate) fn new(options: &RouteOptions) -> Option<Box<Self>> {
        let from = options.from.as_ref().and_then(From::new);
        from.is_some().then(|| Box::new(Self { from }))
    }

    /// Lets a request in, or says why not.
    #[expect(clippy::unused_async, reason = "whoever has to be asked answers in his own time")]
    pub(crate) async fn admit(
        &self,
        core: &Core,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<Admitted, Problem> {
        if let Some(from) = &self.from {
            judge(core, record, from.mode, from.admit(exchange.client))?;
        }
        Ok(Admitted::default())
    }
}

impl Admitted {
    /// Adds what the answer has to say.
    pub(crate) fn tell(&self, _headers: &mut HeaderMap) {}
}

/// What becomes of a policy's judgement: carried out, or only noted.
fn judge<T: Default>(
    core: &Core,
    record: &mut Record,
    mode: Mode,
    judgement: Result<T, Problem>,
) -> Result<T, Problem> {
    match (judgement, mode) {
        (Err(problem), Mode::Observe) => {
            core.meters.observed(problem.code());
            record.observed(&problem);
            Ok(T::default())
        }
        (judgement, _) => judgement,
    }
}
