//! Events that are read together: those of one kind, or of several kinds and services.
//!
//! Whoever reads a log or a feed, a view or a policy or a saga, says which events by its type
//! alone. [`Facts`] can be read as they are; [`event_set!`](crate::event_set) declares an enum
//! of several of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ondol_kernel::{Envelope, EventType, Recorded};

use crate::{Codec, DecodeError, Facts, Problems, ShapeProblem};

/// Events that can be read together.
pub trait EventSet: Clone + Send + Sync + Sized + 'static {
    /// What reads them.
    ///
    /// # Errors
    /// With everything that is wrong with their shapes.
    fn reader() -> Result<Reader<Self>, Problems<ShapeProblem>>;
}

impl<E: Facts> EventSet for E {
    fn reader() -> Result<Reader<Self>, Problems<ShapeProblem>> {
        let codec = Arc::new(Codec::<E>::new()?);
        let types: Vec<_> = codec.readable().cloned().collect();
        let read: Read<E> = Arc::new(move |envelope| codec.read(envelope));
        let reads = types.iter().map(|name| (name.clone(), Arc::clone(&read))).collect();
        Ok(Reader { sources: vec![Source { service: E::SERVICE, types }], reads })
    }
}

/// Where events come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Which service publishes them; `None` for the one that reads them.
    pub service: Option<&'static str>,
    /// Their types, those of long ago too.
    pub types: Vec<EventType>,
}

type Read<E> = Arc<dyn Fn(Envelope) -> Result<Recorded<E>, DecodeError> + Send + Sync>;

/// Reads the events of a set and passes over all others.
pub struct Reader<E> {
    sources: Vec<Source>,
    reads: BTreeMap<EventType, Read<E>>,
}

impl<E: 'static> Reader<E> {
    /// Where the events come from.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Whether events of a type belong to the set.
    pub fn wants(&self, event_type: &EventType) -> bool {
        self.reads.contains_key(event_type)
    }

    /// The event, or nothing when it does not belong to the set.
    ///
    /// # Errors
    /// When it belongs to the set and cannot be read.
    pub fn read(&self, envelope: Envelope) -> Result<Option<Recorded<E>>, DecodeError> {
        let read = self.reads.get(&envelope.event_type);
        read.map(|read| read(envelope)).transpose()
    }

    /// The same events as part of a larger set.
    pub fn map<T: 'static>(self, into: fn(E) -> T) -> Reader<T> {
        let wrap = |read: Read<E>| -> Read<T> {
            Arc::new(move |envelope| read(envelope)?.try_map(|event| Ok(into(event))))
        };
        let reads = self.reads.into_iter().map(|(name, read)| (name, wrap(read))).collect();
        Reader { sources: self.sources, reads }
    }

    /// These events and others.
    ///
    /// # Errors
    /// When a type belongs to both: nobody could say as which of the two it is to be read.
    pub fn and(mut self, other: Self) -> Result<Self, Problems<ShapeProblem>> {
        let twice = other.reads.keys().filter(|name| self.wants(name)).cloned();
        let found = twice.map(|event_type| ShapeProblem::SameName { event_type }).collect();
        Problems::none_in("a set of events", found)?;
        self.sources.extend(other.sources);
        self.reads.extend(other.reads);
        Ok(self)
    }
}

impl<E> std::fmt::Debug for Reader<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("sources", &self.sources).finish_non_exhaustive()
    }
}

/// Declares an enum of events of several kinds that are read together.
///
/// ```
/// # mod account { use serde::*; #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// # pub enum Event { Opened } impl ondol_domain::Facts for Event { const KIND: &'static str = "account"; } }
/// # mod loan { use serde::*; #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// # pub enum Event { Repaid } impl ondol_domain::Facts for Event { const KIND: &'static str = "loan"; } }
/// ondol_domain::event_set! {
///     /// What a customer sees happen.
///     pub enum Activity {
///         /// To an account.
///         Account(account::Event),
///         /// To a loan.
///         Loan(loan::Event),
///     }
/// }
/// # use ondol_domain::EventSet;
/// assert_eq!(Activity::reader().unwrap().sources().len(), 2);
/// ```
#[macro_export]
macro_rules! event_set {
    (
        $(#[$doc:meta])*
        $visible:vis enum $name:ident { $($(#[$part_doc:meta])* $part:ident($events:ty)),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        $visible enum $name { $($(#[$part_doc])* $part($events)),+ }

        impl $crate::EventSet for $name {
            fn reader() -> Result<$crate::Reader<Self>, $crate::Problems<$crate::ShapeProblem>> {
                let readers = [$(<$events as $crate::EventSet>::reader()?.map(Self::$part)),+];
                let mut readers = readers.into_iter();
                let first = readers.next().expect("a set of events has at least one part");
                readers.try_fold(first, $crate::Reader::and)
            }
        }
    };
}

#[cfg(test)]
mod tests;
