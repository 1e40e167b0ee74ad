//! What came of a command, and what was to come of it.

use ondol_domain::{Aggregate, Decision};
use ondol_kernel::Recorded;
use ondol_runtime::{Answer, Verdict};

use crate::drive::fail;

/// What came of a command. Say what was to come of it, or look at the answer.
#[derive(Debug, Clone)]
pub struct Answered<A: Aggregate> {
    /// The answer, whole.
    pub answer: Answer<A>,
}

impl<A: Aggregate> Answered<A> {
    /// It was accepted, and these events have happened, in this order.
    ///
    /// # Panics
    /// When something else came of it.
    #[track_caller]
    pub fn then(&self, events: impl IntoIterator<Item = A::Event>) -> &Self {
        self.is(&Ok(events.into_iter().collect()))
    }

    /// The business said no, for this reason.
    ///
    /// # Panics
    /// When something else came of it.
    #[track_caller]
    pub fn refused(&self, refusal: A::Refusal) -> &Self {
        self.is(&Err(refusal))
    }

    /// It was accepted, and there was nothing to do.
    ///
    /// # Panics
    /// When something else came of it.
    #[track_caller]
    pub fn nothing_happens(&self) -> &Self {
        self.is(&Ok(Vec::new()))
    }

    /// It was accepted, whatever has happened.
    ///
    /// # Panics
    /// When it was not.
    #[track_caller]
    pub fn accepted(self) -> Vec<Recorded<A::Event>> {
        match self.answer.verdict {
            Verdict::Accepted(events) => events,
            other => fail(&format!("it was to be accepted, found {other:?}")),
        }
    }

    #[track_caller]
    fn is(&self, expected: &Decision<A>) -> &Self {
        let found: Decision<A> = match &self.answer.verdict {
            Verdict::Accepted(events) => {
                Ok(events.iter().map(|event| event.data.clone()).collect())
            }
            Verdict::Refused(refusal) => Err(refusal.clone()),
            Verdict::Voided => fail(&format!("it was void, and was to be {expected:#?}")),
        };
        if found != *expected {
            fail(&format!("expected {expected:#?}\nfound    {found:#?}"));
        }
        self
    }
}
