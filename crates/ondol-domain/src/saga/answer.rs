//! What steps were answered, as others read it.
//!
//! What a step keeps of its answer stands under the step's name, and nowhere else: no step writes
//! into what the saga was started with. Whoever reads it names the step, so that it is known
//! before anything has run whether the answer is there by then. What cannot be there cannot be
//! read: neither by accident, nor in production.

use std::any::{TypeId, type_name};
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::step::Named;
use crate::CallError;

/// What a step keeps of its answer.
///
/// It can be read by steps that come after that step, when that step is never left out; whoever
/// reads it anywhere else is refused before anything has run.
pub struct Answer<K> {
    step: &'static str,
    of: PhantomData<fn() -> K>,
}

/// What a step keeps of its answer, if it was asked at all: see [`Answer::if_there`].
pub struct IfThere<K>(Answer<K>);

impl<K> Answer<K> {
    /// What this step keeps.
    pub const fn of(step: &'static str) -> Self {
        Self { step, of: PhantomData }
    }

    /// The same for those who can do without it: whoever comes after a step that may be left out,
    /// and whoever undoes something and asks how far the saga had come.
    pub const fn if_there(self) -> IfThere<K> {
        IfThere(self)
    }
}

impl<K> Clone for Answer<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Answer<K> {}

impl<K> fmt::Debug for Answer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "what {:?} was answered", self.step)
    }
}

impl<K> Clone for IfThere<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for IfThere<K> {}

impl<K> fmt::Debug for IfThere<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, if it was", self.0)
    }
}

/// What has been kept of answers, by the names of the steps.
pub trait Answers {
    /// What a step has kept, as JSON.
    fn kept(&self, step: &str) -> Option<&str>;
}

/// Nothing has been kept.
impl Answers for () {
    fn kept(&self, _step: &str) -> Option<&str> {
        None
    }
}

impl<K: AsRef<str>> Answers for std::collections::BTreeMap<String, K> {
    fn kept(&self, step: &str) -> Option<&str> {
        self.get(step).map(AsRef::as_ref)
    }
}

/// Why a step cannot say what it asks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SayError {
    /// What it asks cannot be written.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It depends on an answer that has not been kept.
    #[error("nothing is kept of what {step:?} was answered")]
    NotKept {
        /// Whose answer.
        step: &'static str,
    },
    /// It depends on an answer that was kept in another shape.
    #[error("what is kept of what {step:?} was answered does not have the shape that is read")]
    KeptOtherwise {
        /// Whose answer.
        step: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// Answers that are read together: an [`Answer`], one [`IfThere`], or several as a tuple.
pub trait Reads: sealed::Sealed + Clone + Send + Sync + 'static {
    /// What is read.
    type Read;

    /// Whose answers, and whether they can be done without.
    fn readings(&self) -> Vec<Reading>;

    /// Reads them.
    ///
    /// # Errors
    /// When one that cannot be done without is not there, or has another shape.
    fn read(&self, answers: &dyn Answers) -> Result<Self::Read, SayError>;
}

/// Whose answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub(super) of: &'static str,
    pub(super) read_as: Named,
    pub(super) has_to_be_there: bool,
}

impl<K: DeserializeOwned + 'static> Reads for Answer<K> {
    type Read = K;

    fn readings(&self) -> Vec<Reading> {
        let read_as = (TypeId::of::<K>(), type_name::<K>());
        vec![Reading { of: self.step, read_as, has_to_be_there: true }]
    }

    fn read(&self, answers: &dyn Answers) -> Result<K, SayError> {
        let step = self.step;
        self.if_there().read(answers)?.ok_or(SayError::NotKept { step })
    }
}

impl<K: DeserializeOwned + 'static> Reads for IfThere<K> {
    type Read = Option<K>;

    fn readings(&self) -> Vec<Reading> {
        let readings = self.0.readings().into_iter();
        readings.map(|reading| Reading { has_to_be_there: false, ..reading }).collect()
    }

    fn read(&self, answers: &dyn Answers) -> Result<Option<K>, SayError> {
        let step = self.0.step;
        let kept = answers.kept(step).map(serde_json::from_str).transpose();
        kept.map_err(|source| SayError::KeptOtherwise { step, source })
    }
}

macro_rules! reads_together {
    ($($reads:ident $at:tt),+) => {
        impl<$($reads: Reads),+> Reads for ($($reads,)+) {
            type Read = ($($reads::Read,)+);

            fn readings(&self) -> Vec<Reading> {
                [$(self.$at.readings()),+].concat()
            }

            fn read(&self, answers: &dyn Answers) -> Result<Self::Read, SayError> {
                Ok(($(self.$at.read(answers)?,)+))
            }
        }

        impl<$($reads: Reads),+> sealed::Sealed for ($($reads,)+) {}
    };
}

reads_together!(First 0, Second 1);
reads_together!(First 0, Second 1, Third 2);
reads_together!(First 0, Second 1, Third 2, Fourth 3);

mod sealed {
    pub trait Sealed {}

    impl<K> Sealed for super::Answer<K> {}
    impl<K> Sealed for super::IfThere<K> {}
}
