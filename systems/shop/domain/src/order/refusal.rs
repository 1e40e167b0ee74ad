//! Why an order says no, in words that can be read out to the buyer.

use serde::{Deserialize, Serialize};

use super::{CancelReason, Stage, TotalError};

/// Why the shop says no. A refusal is an answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each refusal's own sentence says what its numbers are")]
pub enum Refusal {
    /// Nobody has placed it.
    #[error("the order has not been placed")]
    NotPlaced,
    /// It is an order for something else, or somebody else's.
    #[error("the order has been placed otherwise")]
    PlacedOtherwise,
    /// Only so many lines.
    #[error("an order has at most {most} lines")]
    TooManyLines { most: u32 },
    /// The lines cannot be an order.
    #[error("{because}")]
    NoTotal { because: TotalError },
    /// It comes on one step at a time, and is not there yet.
    #[error("the order has not come so far yet")]
    NotYet { stage: Stage },
    /// A step is done once, by one charge or one shipment.
    #[error("this step of the order has been done otherwise")]
    DoneOtherwise { stage: Stage },
    /// What is on its way cannot be called back.
    #[error("it is too late to cancel the order")]
    TooLateToCancel { stage: Stage },
    /// It came to nothing.
    #[error("the order has been cancelled")]
    Cancelled { because: CancelReason },
}
