//! The crew: another house's service, which may be away for long.

use ondol_domain::Contract;
use serde::{Deserialize, Serialize};

/// What the crew is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) job: String,
}

/// Why the crew says no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum NotToday {
    #[error("the crew has another job")]
    Busy,
}

impl Contract for Book {
    const SERVICE: &'static str = "house.crew";
    type Reply = ();
    type Refusal = NotToday;

    fn key(&self) -> String {
        self.job.clone()
    }
}
