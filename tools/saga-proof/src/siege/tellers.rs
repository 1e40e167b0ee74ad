//! Those who begin transfers, and ask again when they have heard nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ondol_doors::{Rng, SeededRng};
use serde_json::{Value, json};

use super::{Accounts, HOT, won};
use crate::Town;

/// The largest amount that is moved, as a rule.
const AMOUNT_MAX: u64 = 10_000;
/// More than any account has: it is refused at the first door.
const TOO_MUCH: u64 = 50_000_000;
/// An account that is not there: it is refused at the second door, and what was held is released.
const NOWHERE: &str = "0190a000-0000-7000-8000-00000000dead";
/// One transfer in so many is of too much, and one goes nowhere.
const REFUSED_ONE_IN: u64 = 6;
/// One request in so many is repeated although it was answered.
const REPEATED_ONE_IN: u64 = 3;

/// One who begins transfers.
pub(super) struct Teller {
    pub(super) number: u64,
    pub(super) town: Arc<Town>,
    pub(super) accounts: Arc<Accounts>,
    pub(super) rng: SeededRng,
    pub(super) stop: Arc<AtomicBool>,
}

/// What was begun.
#[derive(Debug, Default)]
pub(super) struct Begun {
    /// Where the transfers are.
    pub(super) transfers: Vec<String>,
    pub(super) repeated: u64,
    pub(super) wrong: Vec<String>,
}

impl Begun {
    pub(super) fn add(&mut self, other: Self) {
        self.transfers.extend(other.transfers);
        self.repeated += other.repeated;
        self.wrong.extend(other.wrong);
    }
}

impl Teller {
    /// A transfer: most can be done, some cannot.
    fn draw(&self) -> anyhow::Result<Value> {
        let of = |accounts: &[String]| -> anyhow::Result<String> {
            Ok(accounts[usize::try_from(self.rng.below(u64::try_from(HOT)?))?].clone())
        };
        let (from, mut to) = (of(&self.accounts.current)?, of(&self.accounts.savings)?);
        let mut amount = 1 + self.rng.below(AMOUNT_MAX);
        match self.rng.below(REFUSED_ONE_IN) {
            0 => amount = TOO_MUCH,
            1 => NOWHERE.clone_into(&mut to),
            _ => {}
        }
        Ok(json!({ "from": from, "to": to, "amount": won(i64::try_from(amount)?) }))
    }

    /// Begins transfers, one after the other, until told to stop.
    pub(super) async fn work(self) -> anyhow::Result<Begun> {
        let mut begun = Begun::default();
        let mut count = 0_u64;
        while !self.stop.load(Ordering::SeqCst) {
            let body = self.draw()?;
            let key = format!("transfer {} {count}", self.number);
            count += 1;
            let insist = || self.town.insist("bank.transfer", "/transfers", &key, &body);
            let answer = insist().await?;
            if self.rng.below(REPEATED_ONE_IN) == 0 {
                begun.repeated += 1;
                let again = insist().await?;
                if again.location != answer.location {
                    let (one, other) = (&answer.location, &again.location);
                    begun.wrong.push(format!("{key} has become {one} and {other}"));
                }
            }
            begun.transfers.push(answer.location);
        }
        Ok(begun)
    }
}
