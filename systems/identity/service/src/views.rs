//! Whom an e-mail address belongs to, found by its blind index.

use identity_domain::UserId;
use identity_domain::user::Event;
use ondol_domain::{Keys, View};
use ondol_kernel::Recorded;
use serde::{Deserialize, Serialize};

/// Whom an address belongs to; its key is the address's blind index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Login {
    /// Whose it is.
    pub(crate) user: Option<UserId>,
    /// How many have had it, and were forgotten but for the last.
    #[serde(default)]
    pub(crate) times: u32,
}

impl View for Login {
    const NAME: &'static str = "login";
    const VERSION: u32 = 2;

    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        match &event.data {
            Event::Registered { lookup, .. } => Keys::one(lookup),
            _ => Keys::None,
        }
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        self.user = event.stream.key().parse().ok();
        self.times += 1;
    }
}
