//! The words every room of the house shares: ids, versions, positions, time, money and the
//! event envelope.
//!
//! Nothing here does I/O, waits, or reads a clock, and nothing draws a random number: whoever
//! needs an id or a time is handed one. That is what lets one seed replay a whole run.

mod cloud_event;
mod event;
mod id;
mod metadata;
mod money;
mod name;
mod order;
mod stream;
mod timestamp;
mod trace;

pub use cloud_event::{CloudEvent, CloudEventError};
pub use event::{
    ContentType, Envelope, EventType, MediaType, NewEvent, Payload, Recorded, SchemaVersion,
};
pub use id::{CausationId, CommandId, CorrelationId, EventId, Id, IdError, marker};
pub use metadata::{Actor, Metadata, Tag, Tenant};
pub use money::{
    Currency, CurrencyError, Money, MoneyError, ParseMoneyError, Rate, RateError, Rounding,
};
pub use name::{NAME_BYTES_MAX, NameError, NameProblem};
pub use order::{Position, Version};
pub use stream::{StreamId, StreamIdError};
pub use timestamp::{Timestamp, TimestampError};
pub use trace::{TraceParent, TraceParentError};
