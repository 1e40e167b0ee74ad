//! What the bank has written down about an open account, and its arithmetic.
//!
//! Recording a fact checks only what has to hold whatever the bank's policy is: no money comes
//! from nowhere, none is promised twice. Policy may change; what has happened may not, so whether
//! a withdrawal of last year would be allowed today is not asked.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ondol_kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

use super::{Event, FreezeReason, Kind};
use crate::interest::{Carried, Yearly};
use crate::{CustomerId, Day, EntryId, PaymentId, TransferId};

/// For how many transfers money can be held at once.
pub const HOLDS_MAX: u32 = 100;

/// How many ended transfers an account remembers. To ask again about one that ended before those
/// is a new question; until then it is answered as it was the first time.
pub const TRANSFERS_REMEMBERED_MAX: usize = 256;

const NOTHING_HELD: &str = "no money is held for this transfer";

/// An open account: whose it is, what is on it, and what of that is promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    owner: CustomerId,
    balance: Money,
    frozen: Option<FreezeReason>,
    holds: BTreeMap<TransferId, Money>,
    ended: VecDeque<(TransferId, Promise)>,
    entered: VecDeque<EntryId>,
    daily: Option<Money>,
    today: Option<Today>,
    interest: Option<Interest>,
}

/// What has left, or was promised, since a day has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Today {
    spent: Money,
    holds: BTreeSet<TransferId>,
}

/// The interest that the account bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Interest {
    pub(super) rate: Yearly,
    pub(super) carried: Carried,
    /// For which day it is due next.
    pub(super) next: Day,
}

/// How the promise made to a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Promise {
    /// The money is held.
    Held(Money),
    /// So much money has left.
    Settled(Money),
    /// The money can be spent again.
    Released,
}

impl Book {
    pub(super) fn new(owner: CustomerId, currency: Currency) -> Self {
        Self {
            owner,
            balance: Money::zero(currency),
            frozen: None,
            holds: BTreeMap::new(),
            ended: VecDeque::new(),
            entered: VecDeque::new(),
            daily: None,
            today: None,
            interest: None,
        }
    }

    /// Whose account it is.
    pub const fn owner(&self) -> CustomerId {
        self.owner
    }

    /// What currency it is kept in.
    pub const fn currency(&self) -> Currency {
        self.balance.currency()
    }

    /// All that is on it, held or not.
    pub const fn balance(&self) -> Money {
        self.balance
    }

    /// What is promised to transfers.
    pub fn held(&self) -> Money {
        Money::checked_sum(self.currency(), self.holds.values().copied())
            .expect("holds are in the account's currency and add up to no more than its balance")
    }

    /// What can be spent.
    pub fn available(&self) -> Money {
        self.balance
            .checked_sub(self.held())
            .expect("what is held is in the account's currency and part of its balance")
    }

    /// What kind of account it is.
    pub const fn kind(&self) -> Kind {
        match self.interest {
            Some(_) => Kind::Savings,
            None => Kind::Checking,
        }
    }

    /// What interest it bears, if it bears any.
    pub fn rate(&self) -> Option<Yearly> {
        self.interest.map(|interest| interest.rate)
    }

    /// How much may leave in a day, if that is limited.
    pub const fn daily_limit(&self) -> Option<Money> {
        self.daily
    }

    /// How much may still leave today, if that is limited.
    pub fn left_today(&self) -> Option<Money> {
        let daily = self.daily?;
        let spent = self.today.as_ref().map_or(0, |today| today.spent.minor());
        Some(Money::new(daily.minor().saturating_sub(spent).max(0), daily.currency()))
    }

    /// Why money may not leave, if it may not.
    pub const fn frozen(&self) -> Option<FreezeReason> {
        self.frozen
    }

    /// Whether money may not leave.
    pub const fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// How the promise made to a transfer stands, if there is one that is remembered.
    pub fn promise(&self, transfer: TransferId) -> Option<Promise> {
        let held = self.holds.get(&transfer).copied().map(Promise::Held);
        held.or_else(|| {
            self.ended.iter().find(|(ended, _)| *ended == transfer).map(|(_, end)| *end)
        })
    }

    /// Whether this was entered, as far as is remembered.
    pub(super) fn has_entered(&self, entry: EntryId) -> bool {
        self.entered.contains(&entry)
    }

    /// Whether a day begins with what leaves next.
    pub(super) const fn begins_a_day(&self) -> bool {
        self.daily.is_some() && self.today.is_none()
    }

    pub(super) const fn has_a_day(&self) -> bool {
        self.today.is_some()
    }

    pub(super) const fn interest(&self) -> Option<Interest> {
        self.interest
    }

    pub(super) fn is_of(&self, owner: CustomerId, currency: Currency) -> bool {
        self.owner == owner && self.currency() == currency
    }

    pub(super) fn has_room_for(&self, amount: Money) -> bool {
        self.balance.checked_add(amount).is_ok()
    }

    pub(super) fn can_spare(&self, amount: Money) -> bool {
        amount <= self.available()
    }

    pub(super) fn is_full(&self) -> bool {
        self.holds.len() >= HOLDS_MAX as usize
    }

    /// Writes down what has happened; the error is the rule that it breaks, and then nothing
    /// has been written.
    pub(super) fn record(&mut self, event: &Event) -> Result<(), &'static str> {
        match *event {
            Event::Opened { .. } => Err("an account opens once"),
            Event::Closed => Err("an account closes with nothing on it"),
            Event::Deposited { amount } => self.add(amount),
            Event::Withdrawn { amount } => {
                self.take(amount)?;
                self.spend(amount, None);
                Ok(())
            }
            Event::Held { transfer, amount } => self.hold(transfer, amount),
            Event::Settled { transfer } => self.settle(transfer),
            Event::Released { transfer, .. } => self.release(transfer),
            Event::Captured { payment, taken, left } => self.capture(payment, taken, left),
            Event::Credited { source, amount } => {
                self.add(amount)?;
                self.enter(source.entry());
                Ok(())
            }
            Event::Charged { purpose, amount } => {
                self.take(amount)?;
                self.enter(purpose.entry());
                Ok(())
            }
            Event::InterestPosted { day, amount, carried } => self.bear(day, amount, carried),
            Event::InterestAgreed { rate, from } => {
                let carried = Carried::default();
                self.interest = Some(Interest { rate, carried, next: from });
                Ok(())
            }
            Event::LimitSet { daily } => {
                self.daily = daily;
                Ok(())
            }
            Event::DayBegun => {
                let spent = Money::zero(self.currency());
                self.today = Some(Today { spent, holds: BTreeSet::new() });
                Ok(())
            }
            Event::DayEnded => {
                self.today = None;
                Ok(())
            }
            Event::Frozen { because } => {
                self.frozen = Some(because);
                Ok(())
            }
            Event::Unfrozen => {
                self.frozen = None;
                Ok(())
            }
        }
    }

    fn add(&mut self, amount: Money) -> Result<(), &'static str> {
        counts(amount)?;
        let sum = self.balance.checked_add(amount);
        self.balance = sum.map_err(|_error| "the sum is no amount of the account's currency")?;
        Ok(())
    }

    fn take(&mut self, amount: Money) -> Result<(), &'static str> {
        self.spares(amount)?;
        let rest = self.balance.checked_sub(amount);
        self.balance = rest.map_err(|_error| "the rest is no amount of the account's currency")?;
        Ok(())
    }

    fn hold(&mut self, transfer: TransferId, amount: Money) -> Result<(), &'static str> {
        self.spares(amount)?;
        if self.promise(transfer).is_some() {
            return Err("a promise is made to a transfer once");
        }
        self.holds.insert(transfer, amount);
        self.spend(amount, Some(transfer));
        Ok(())
    }

    fn release(&mut self, transfer: TransferId) -> Result<(), &'static str> {
        let amount = *self.holds.get(&transfer).ok_or(NOTHING_HELD)?;
        self.end(transfer, Promise::Released)?;
        self.give_back(transfer, amount);
        Ok(())
    }

    fn capture(
        &mut self,
        payment: PaymentId,
        taken: Money,
        left: Money,
    ) -> Result<(), &'static str> {
        let transfer = payment.of();
        let held = *self.holds.get(&transfer).ok_or(NOTHING_HELD)?;
        if left.is_negative() || taken.checked_add(left) != Ok(held) {
            return Err("what is taken and what is left is what was held");
        }
        self.end(transfer, Promise::Settled(taken))?;
        self.give_back(transfer, left);
        self.take(taken)
    }

    fn bear(&mut self, day: Day, amount: Money, carried: Carried) -> Result<(), &'static str> {
        let interest = self.interest.as_mut().ok_or("the account bears no interest")?;
        if interest.next != day {
            return Err("the interest of each day is posted once, in order");
        }
        interest.carried = carried;
        interest.next = day.next();
        if amount.is_zero() { Ok(()) } else { self.add(amount) }
    }

    /// Counts what leaves against the limit of a day.
    fn spend(&mut self, amount: Money, hold: Option<TransferId>) {
        if let Some(today) = &mut self.today {
            let spent = today.spent.minor().saturating_add(amount.minor());
            today.spent = Money::new(spent, amount.currency());
            today.holds.extend(hold);
        }
    }

    /// What was promised today and has not left counts no more.
    fn give_back(&mut self, transfer: TransferId, amount: Money) {
        if let Some(today) = &mut self.today
            && today.holds.remove(&transfer)
        {
            let spent = today.spent.minor().saturating_sub(amount.minor()).max(0);
            today.spent = Money::new(spent, amount.currency());
        }
    }

    fn enter(&mut self, entry: EntryId) {
        if self.entered.len() >= TRANSFERS_REMEMBERED_MAX {
            self.entered.pop_front();
        }
        self.entered.push_back(entry);
    }

    fn settle(&mut self, transfer: TransferId) -> Result<(), &'static str> {
        let amount = *self.holds.get(&transfer).ok_or(NOTHING_HELD)?;
        self.end(transfer, Promise::Settled(amount))?;
        self.take(amount)
    }

    /// Ends a promise; what it held can be spent again.
    fn end(&mut self, transfer: TransferId, ending: Promise) -> Result<(), &'static str> {
        self.holds.remove(&transfer).ok_or(NOTHING_HELD)?;
        if self.ended.len() >= TRANSFERS_REMEMBERED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back((transfer, ending));
        Ok(())
    }

    fn spares(&self, amount: Money) -> Result<(), &'static str> {
        counts(amount)?;
        if self.can_spare(amount) { Ok(()) } else { Err("more than is available has left") }
    }
}

fn counts(amount: Money) -> Result<(), &'static str> {
    if amount.is_positive() { Ok(()) } else { Err("only more than nothing can be moved") }
}
