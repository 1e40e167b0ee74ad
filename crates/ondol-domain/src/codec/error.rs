//! What can be wrong with shapes, with writing an event, and with reading one.

use ondol_kernel::{EventType, NameError, SchemaVersion, StreamIdError};

use crate::{LiftError, UpcastProblem};

/// What is wrong with how facts are declared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeProblem {
    /// They are neither an enum that names its variants nor a struct.
    #[error("only a struct, or an enum whose variants serde names, can be recorded")]
    Nameless,
    /// An aggregate and its events are of different kinds.
    #[error("the aggregate is of kind {:?}, its events are of kind {:?}", kinds[0], kinds[1])]
    TwoKinds {
        /// The aggregate's and the events'.
        kinds: [&'static str; 2],
    },
    /// The kind cannot name a stream.
    #[error(transparent)]
    Stream(StreamIdError),
    /// Two variants would be recorded under one name.
    #[error("two variants are recorded as {event_type}")]
    SameName {
        /// The name.
        event_type: EventType,
    },
    /// A variant's name cannot be the name of a type of event.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An upcast leads nowhere.
    #[error(transparent)]
    Upcast(#[from] UpcastProblem),
}

/// Why an event cannot be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// It cannot be written as JSON.
    #[error("an event of {kind} cannot be written as JSON")]
    Unwritable {
        /// The events' kind.
        kind: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// What is written would not be read back as what it is: a number that is none, say.
    #[error("{variant} of {kind} has a value that JSON has no word for")]
    Changed {
        /// The events' kind.
        kind: &'static str,
        /// The variant.
        variant: &'static str,
    },
    /// It is written under a name that it is not read under.
    #[error("{variant} of {kind} is written under a name that it is not read under")]
    Unlisted {
        /// The events' kind.
        kind: &'static str,
        /// The variant.
        variant: &'static str,
    },
}

/// Why an event that was recorded cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The code does not know such an event.
    #[error("version {version} of {event_type} is not known")]
    Unknown {
        /// Its type.
        event_type: EventType,
        /// Its version.
        version: SchemaVersion,
    },
    /// A newer program recorded it.
    #[error("{event_type} is known up to version {known}, found version {found}")]
    Newer {
        /// Its type.
        event_type: EventType,
        /// Its version.
        found: SchemaVersion,
        /// The newest version that is known.
        known: SchemaVersion,
    },
    /// Its data is not JSON.
    #[error("the data of {event_type} is read as JSON, found {content_type}")]
    NotJson {
        /// Its type.
        event_type: EventType,
        /// What its data is.
        content_type: String,
    },
    /// Its data cannot be taken to the next shape.
    #[error("version {version} of {event_type} cannot be lifted to the newest")]
    Lift {
        /// Its type.
        event_type: EventType,
        /// Its version.
        version: SchemaVersion,
        /// Why not.
        #[source]
        source: LiftError,
    },
    /// A number in its data would lose digits on the way to the next shape.
    #[error("a number of {event_type} would be rounded to {number} when lifted")]
    Rounded {
        /// Its type.
        event_type: EventType,
        /// What it would become.
        number: String,
    },
    /// Its data does not have the shape that it says it has.
    #[error("the data of {event_type} does not have the shape of version {version}")]
    Unreadable {
        /// Its type.
        event_type: EventType,
        /// Its version.
        version: SchemaVersion,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}
