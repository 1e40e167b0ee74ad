//! The answer to a call.

use ondol_domain::Refused;
use ondol_kernel::{Payload, Position};

/// The answer to a call. It is on record, and will be the same however often it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It was done.
    Done {
        /// What whoever was asked has to say about it: `null` when that says it all.
        data: Payload,
        /// Who has seen the log of whoever was asked up to here sees what was done.
        position: Position,
    },
    /// The business said no.
    Refused(Refused),
    /// The command was made void before it took effect: it never will.
    Voided,
}
