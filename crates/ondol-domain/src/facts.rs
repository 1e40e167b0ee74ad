//! Facts: events as a business writes them, a plain enum that serde can write.
//!
//! Each variant is a type of event with a name of its own: `Deposited` of kind `account` is
//! recorded as `account.deposited`, and its data is the variant's fields. A struct is one such
//! type. So a business file names nothing twice, and a log can be read by people.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Upcasts;

/// Events of one kind, or one event that a service publishes.
///
/// An event that changes its name is read under the old one by [`Upcasts::rename`], not by an
/// alias of serde's: an alias counts as an event of its own.
pub trait Facts:
    Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static
{
    /// The first part of the events' types: the kind of thing they happen to.
    const KIND: &'static str;

    /// Which service publishes them; `None` for those that stay inside the one that reads them.
    const SERVICE: Option<&'static str> = None;

    /// How events of older shapes are lifted to the newest.
    fn upcasts() -> Upcasts {
        Upcasts::none()
    }
}
