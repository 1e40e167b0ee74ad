//! The account that is measured: paid into, and shown on a statement.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, Index, Keys, View, accept, refuse};
use ondol_kernel::{Recorded, Timestamp};
use serde::{Deserialize, Serialize};

/// What happens to an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Event {
    /// Money came.
    Deposited { amount: i64, owner: String, memo: String },
}

impl Facts for Event {
    const KIND: &'static str = Account::KIND;
}

/// An account, as far as the next decision needs to know it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    balance: i64,
}

/// What may be asked of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Money comes.
    Deposit { amount: i64, owner: String, memo: String },
}

/// Why an account says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum No {
    #[error("an account is not paid nothing")]
    Nothing,
}

impl Aggregate for Account {
    const KIND: &'static str = "account";
    type Command = Ask;
    type Event = Event;
    type Refusal = No;

    fn decide(&self, ask: Ask) -> Decision<Self> {
        match ask {
            Ask::Deposit { amount: ..=0, .. } => refuse(No::Nothing),
            Ask::Deposit { amount, owner, memo } => {
                accept(Event::Deposited { amount, owner, memo })
            }
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        let Event::Deposited { amount, .. } = event;
        let balance = self.balance.checked_add(*amount);
        balance.map(|balance| Self { balance }).ok_or_else(|| Impossible::new(&self, event))
    }
}

/// The event of this number: about 200 bytes of data.
pub(crate) fn deposited(number: u64) -> Event {
    Event::Deposited {
        amount: i64::try_from(1 + number % 999).unwrap_or(1),
        owner: format!("owner-{:06}", number % 5_000),
        memo: format!(
            "{number:0>20} a transfer for something that was bought in a shop, in {}",
            "x".repeat(50)
        ),
    }
}

/// The command whose effect is the event of this number.
pub(crate) fn deposit(number: u64) -> Ask {
    let Event::Deposited { amount, owner, memo } = deposited(number);
    Ask::Deposit { amount, owner, memo }
}

/// An account's statement.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Statement {
    owner: Option<String>,
    balance: i64,
    entries: u64,
    last_memo: String,
    last_time: Timestamp,
}

impl View for Statement {
    const NAME: &'static str = "statement";
    const VERSION: u32 = 1;
    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        let Event::Deposited { amount, owner, memo } = &event.data;
        self.owner.get_or_insert_with(|| owner.clone());
        self.balance += amount;
        self.entries += 1;
        self.last_memo.clone_from(memo);
        self.last_time = event.metadata.time;
    }

    fn indexes() -> &'static [Index<Self>] {
        const {
            &[
                Index::equality("owner", |one: &Self| one.owner.as_deref().into()),
                Index::ordered("balance", |one: &Self| one.balance.into()),
            ]
        }
    }
}
