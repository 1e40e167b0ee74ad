//! A bank whose processes are killed in the middle of their work, again and again, while money
//! moves between a few hot accounts; then every transfer ends, and no won is lost or made.

mod books;
mod tellers;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ondol_doors::{Clock, Rng, SeededRng, SystemClock};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Town;
use tellers::{Begun, Teller};

/// How many accounts there are on each side.
pub(crate) const HOT: usize = 8;
/// How much is on each account at the beginning.
pub(crate) const BALANCE: i64 = 10_000_000;
/// How long the last transfer may take to end once nobody kills any more.
const ENDS_WITHIN: Duration = Duration::from_secs(30);
/// How long processes work before one is killed: between these.
const WORKS_MILLIS: (u64, u64) = (100, 600);
/// One kill in so many takes two processes at once.
const TWO_AT_ONCE: u64 = 4;

/// How a bank is besieged.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How often a process is killed.
    pub kills: u32,
    /// How many tellers begin transfers all the time.
    pub tellers: u64,
    /// What all chance follows from, but the machine's own.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// How often a process was killed.
    pub kills: u32,
    /// How many transfers were begun.
    pub transfers: usize,
    /// How many requests were repeated on purpose.
    pub repeated: u64,
    /// How many transfers were done.
    pub completed: usize,
    /// How many were taken back.
    pub compensated: usize,
    /// At how many positions of the logs the money was counted.
    pub positions: usize,
    /// How long after the last kill the last transfer had ended.
    pub ended_after: Duration,
    /// What is wrong.
    pub wrong: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, transfers, repeated, completed, compensated, positions, .. } = self;
        write!(
            f,
            "{kills} kills: {transfers} transfers between {HOT} hot accounts on each side \
             ({repeated} requests repeated), {completed} done and {compensated} taken back; the \
             money was all there at each of {positions} positions, and the last transfer had \
             ended {:?} after the last kill",
            self.ended_after
        )
    }
}

/// Besieges a bank that runs as a town, and checks it from outside.
///
/// # Errors
/// When the bank cannot be asked. What is wrong with its books is in the report.
pub async fn besiege(town: &Arc<Town>, plan: &Plan) -> anyhow::Result<Report> {
    let accounts = Arc::new(open_accounts(town).await?);
    let stop = Arc::new(AtomicBool::new(false));
    let mut tellers = JoinSet::new();
    for number in 0..plan.tellers {
        let rng = SeededRng::new(plan.seed.wrapping_add(number));
        let (town, accounts) = (Arc::clone(town), Arc::clone(&accounts));
        let teller = Teller { number, town, accounts, rng, stop: Arc::clone(&stop) };
        tellers.spawn(teller.work());
    }
    let clock = SystemClock::start();
    kill(town, plan, &clock).await?;
    stop.store(true, Ordering::SeqCst);
    let fair_since = clock.running();
    let mut begun = Begun::default();
    while let Some(done) = tellers.join_next().await {
        begun.add(done??);
    }
    let mut report = Report {
        kills: plan.kills,
        transfers: begun.transfers.len(),
        repeated: begun.repeated,
        ..Report::default()
    };
    report.wrong = begun.wrong;
    until_all_have_ended(town, &begun.transfers, &clock, fair_since, &mut report).await?;
    town.stop_all().await?;
    books::check(town, &accounts, &begun.transfers, &mut report).await?;
    Ok(report)
}

/// The accounts by their numbers: first those that money leaves, then those that it goes to.
#[derive(Debug)]
struct Accounts {
    current: Vec<String>,
    savings: Vec<String>,
}

async fn open_accounts(town: &Town) -> anyhow::Result<Accounts> {
    let owner = json!({ "owner": "0190a000-0000-7000-8000-000000000001", "currency": "KRW" });
    let mut accounts = Accounts { current: Vec::new(), savings: Vec::new() };
    for number in 0..HOT {
        let key = format!("open {number}");
        let opened = town.insist("bank.account", "/accounts", &key, &owner).await?;
        let paid_in = json!({ "amount": won(BALANCE) });
        let path = format!("{}/deposits", opened.location);
        town.insist("bank.account", &path, &format!("fill {number}"), &paid_in).await?;
        accounts.current.push(number_of(&opened.location));
        let key = format!("open savings {number}");
        let opened = town.insist("bank.savings", "/savings", &key, &owner).await?;
        accounts.savings.push(number_of(&opened.location));
    }
    Ok(accounts)
}

fn number_of(location: &str) -> String {
    location.rsplit('/').next().unwrap_or_default().to_owned()
}

fn won(amount: i64) -> Value {
    json!({ "amount": amount.to_string(), "currency": "KRW" })
}

/// Kills processes and starts them again; now and then two at once.
async fn kill(town: &Town, plan: &Plan, clock: &SystemClock) -> anyhow::Result<()> {
    let rng = SeededRng::new(plan.seed);
    let houses = u64::try_from(town.houses())?;
    for _kill in 0..plan.kills {
        let (least, most) = WORKS_MILLIS;
        clock.sleep(Duration::from_millis(least + rng.below(most - least))).await;
        let first = usize::try_from(rng.below(houses))?;
        let second = (first + 1) % town.houses();
        let is_both = second != first && rng.below(TWO_AT_ONCE) == 0;
        town.kill(first).await?;
        if is_both {
            town.kill(second).await?;
            town.begin(second).await?;
        }
        town.begin(first).await?;
    }
    Ok(())
}

async fn until_all_have_ended(
    town: &Town,
    transfers: &[String],
    clock: &SystemClock,
    fair_since: Duration,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut look = tokio::time::interval(Duration::from_millis(50));
    for transfer in transfers {
        loop {
            let answer = town.get("bank.transfer", transfer).await?;
            let state = answer.body["state"].as_str().unwrap_or_default();
            match state {
                "completed" => report.completed += 1,
                "compensated" => report.compensated += 1,
                _ if clock.running().saturating_sub(fair_since) > ENDS_WITHIN => {
                    report.wrong.push(format!("{transfer} has not ended: {}", answer.body));
                }
                _ => {
                    report.ended_after = clock.running().saturating_sub(fair_since);
                    look.tick().await;
                    continue;
                }
            }
            break;
        }
    }
    Ok(())
}
