//! Typed ids: a 128-bit UUID that remembers what it names.
//!
//! An `Id<Account>` cannot be handed where an `Id<Customer>` is asked for, at no cost. New ids
//! are UUIDv7, so they sort by the time they were made; derived ids are UUIDv5, so the same
//! cause always gives the same id. Neither is made here out of thin air: time and randomness
//! are handed in.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::Timestamp;

/// The id of one event, for ever.
pub type EventId = Id<marker::Event>;
/// The id under which a command takes effect once.
pub type CommandId = Id<marker::Command>;
/// The id of the business flow a message belongs to.
pub type CorrelationId = Id<marker::Correlation>;
/// The id of the message, event or command, that brought another about.
pub type CausationId = Id<marker::Causation>;

/// What the house's own ids name; a business file names its own types.
pub mod marker {
    /// An event.
    #[derive(Debug)]
    pub enum Event {}
    /// A command.
    #[derive(Debug)]
    pub enum Command {}
    /// A business flow.
    #[derive(Debug)]
    pub enum Correlation {}
    /// A cause.
    #[derive(Debug)]
    pub enum Causation {}
}

/// The id of an `Of`.
pub struct Id<Of: ?Sized> {
    uuid: Uuid,
    of: PhantomData<fn() -> *const Of>,
}

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is a UUID such as 01939d2e-0000-7000-8000-000000000001, found {found:?}")]
pub struct IdError {
    /// What was found instead.
    pub found: String,
}

impl<Of: ?Sized> Id<Of> {
    /// A new id (UUIDv7) made at a time, out of randomness that is handed in.
    pub fn made_at(time: Timestamp, random: [u8; 10]) -> Self {
        Self::from_uuid(
            uuid::Builder::from_unix_timestamp_millis(time.as_unix_millis(), &random).into_uuid(),
        )
    }

    /// The id that always follows from the same cause and the same name (UUIDv5).
    pub fn derived<Cause: ?Sized>(from: Id<Cause>, name: &str) -> Self {
        Self::from_uuid(Uuid::new_v5(&from.uuid, name.as_bytes()))
    }

    /// The id that always follows from the same name (UUIDv5 in a namespace of the house).
    pub fn named(name: &str) -> Self {
        const HOUSE: Uuid = Uuid::from_u128(0x6f6e_646f_6c00_5000_8000_006e_616d_6564);
        Self::from_uuid(Uuid::new_v5(&HOUSE, name.as_bytes()))
    }

    /// The id with these bits: for constants and for stores.
    pub const fn from_u128(bits: u128) -> Self {
        Self::from_uuid(Uuid::from_u128(bits))
    }

    /// The id's bits.
    pub const fn as_u128(self) -> u128 {
        self.uuid.as_u128()
    }

    /// The id with these sixteen bytes, most significant first.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_uuid(Uuid::from_bytes(bytes))
    }

    /// The id's sixteen bytes, most significant first.
    pub const fn into_bytes(self) -> [u8; 16] {
        self.uuid.into_bytes()
    }

    /// The same id, naming something else: an event's id as a cause, say.
    pub const fn of<Other: ?Sized>(self) -> Id<Other> {
        Id::from_uuid(self.uuid)
    }

    const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }
}

impl<Of: ?Sized> Clone for Id<Of> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Of: ?Sized> Copy for Id<Of> {}

impl<Of: ?Sized> PartialEq for Id<Of> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl<Of: ?Sized> Eq for Id<Of> {}

impl<Of: ?Sized> PartialOrd for Id<Of> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<Of: ?Sized> Ord for Id<Of> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl<Of: ?Sized> Hash for Id<Of> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<Of: ?Sized> fmt::Display for Id<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.hyphenated().fmt(f)
    }
}

impl<Of: ?Sized> fmt::Debug for Id<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.hyphenated().fmt(f)
    }
}

impl<Of: ?Sized> FromStr for Id<Of> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let not_an_id = || IdError { found: text.chars().take(64).collect() };
        if text.len() != 36 {
            return Err(not_an_id());
        }
        Uuid::try_parse(text).map(Self::from_uuid).map_err(|_unparsed| not_an_id())
    }
}

impl<Of: ?Sized> Serialize for Id<Of> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, Of: ?Sized> Deserialize<'de> for Id<Of> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
