//! Whether the books are right: the money is counted at every position of the logs, as they are
//! read from outside.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Accounts, BALANCE, HOT, Report};
use crate::{Entry, Ledger, Town};

/// How many mistakes are told at most.
const TOLD_MAX: usize = 20;

/// Money as the logs have it, up to some position.
#[derive(Debug, Default)]
struct Books {
    current: i64,
    savings: i64,
    /// What is held for each flow, and whether it has been paid in on the other side.
    held: BTreeMap<String, (i64, bool)>,
    /// What has happened for each flow.
    done: BTreeMap<String, Vec<&'static str>>,
}

/// Checks the logs of a bank that has been stopped.
pub(super) async fn check(
    town: &Town,
    accounts: &Accounts,
    transfers: &[String],
    report: &mut Report,
) -> anyhow::Result<()> {
    let current = town.ledger("bank.account").await?;
    let savings = town.ledger("bank.savings").await?;
    let sagas = town.ledger("bank.transfer").await?;
    let mut wrong = Vec::new();
    let mut books = Books::default();
    let whole = i64::try_from(HOT)? * BALANCE;
    let mut is_filled = false;
    for entry in Ledger::merged(&[&current, &savings]) {
        report.positions += 1;
        if let Err(problem) = books.enter(&entry) {
            wrong.push(format!("{} at {}: {problem}", entry.service, entry.position));
        }
        is_filled |= books.total() == whole;
        if is_filled && books.total() != whole {
            let (service, position, total) = (&entry.service, entry.position, books.total());
            wrong.push(format!("{total} is there at {position} of {service}, of {whole}"));
        }
    }
    if !is_filled {
        wrong.push(format!("{} is there at the end, and never was all of {whole}", books.total()));
    }
    if !books.held.is_empty() {
        wrong.push(format!("{:?} stays promised", books.held));
    }
    wrong.extend(books.ends(&sagas, transfers));
    let known: BTreeSet<_> = accounts.current.iter().chain(&accounts.savings).collect();
    let strangers = current.entries.iter().chain(&savings.entries).filter(|entry| {
        let key = entry.stream.strip_prefix("account:");
        key.is_some_and(|key| !known.contains(&key.to_owned()))
    });
    wrong.extend(strangers.map(|entry| format!("{} is no account", entry.stream)));
    wrong.truncate(TOLD_MAX);
    report.wrong.extend(wrong);
    Ok(())
}

impl Books {
    /// All the money that there is. What is held and was paid in on the other side already is
    /// there once.
    fn total(&self) -> i64 {
        let twice = self.held.values().filter(|(_, is_paid_in)| *is_paid_in);
        self.current + self.savings - twice.map(|(amount, _)| amount).sum::<i64>()
    }

    fn enter(&mut self, entry: &Entry) -> Result<(), String> {
        let is_of_savings = entry.service == "bank.savings";
        let amount = amount_of(&entry.data);
        let flow = entry.flow.clone();
        let mut note = |what| self.done.entry(flow.clone()).or_default().push(what);
        match (entry.kind.as_str(), is_of_savings) {
            ("account.deposited", false) => self.current += amount,
            ("account.credited", true) => {
                note("deposited");
                self.savings += amount;
                match self.held.get_mut(&flow) {
                    Some((held, is_paid_in)) if *held == amount && !*is_paid_in => {
                        *is_paid_in = true;
                    }
                    found => return Err(format!("{amount} is paid in, and held is {found:?}")),
                }
            }
            ("account.held", _) => {
                note("held");
                if let Some(before) = self.held.insert(flow, (amount, false)) {
                    return Err(format!("{amount} is held, and {before:?} is already"));
                }
            }
            ("account.settled", _) => {
                note("settled");
                match self.held.remove(&flow) {
                    Some((held, true)) => self.current -= held,
                    found => return Err(format!("what is settled is {found:?}")),
                }
            }
            ("account.released", _) => {
                note("released");
                match self.held.remove(&flow) {
                    Some((_, false)) => {}
                    found => return Err(format!("what is released is {found:?}")),
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Each transfer has ended as its saga says, and there is one saga for each that was begun.
    fn ends(&self, sagas: &Ledger, transfers: &[String]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut started = 0;
        let nothing = Vec::new();
        for entry in &sagas.entries {
            let done = self.done.get(&entry.flow).unwrap_or(&nothing);
            let is_right = match entry.kind.as_str() {
                "saga.started" => {
                    started += 1;
                    true
                }
                "saga.completed" => *done == ["held", "deposited", "settled"],
                "saga.compensated" => done.is_empty() || *done == ["held", "released"],
                _ => true,
            };
            if !is_right {
                wrong.push(format!("{} is {}, and {done:?} was done", entry.stream, entry.kind));
            }
        }
        if started != transfers.len() {
            wrong.push(format!("{} transfers were begun, {started} sagas", transfers.len()));
        }
        wrong
    }
}

fn amount_of(data: &Value) -> i64 {
    let amount = data["amount"]["amount"].as_str().and_then(|text| text.parse().ok());
    amount.unwrap_or_default()
}
