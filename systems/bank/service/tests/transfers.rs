//! Transfers of the running bank: over HTTP to whoever moves money, and between services in one
//! process or in several, by configuration alone; killed in a loop.

use std::path::Path;
use std::sync::Arc;

use ondol_testkit::servers;
use saga_proof::{Answer, Plan, Town, besiege};
use serde_json::{Value, json};

const TOGETHER: &[&[&str]] = &[&["bank.account", "bank.fraud", "bank.savings", "bank.transfer"]];
const APART: &[&[&str]] = &[&["bank.account", "bank.fraud"], &["bank.savings"], &["bank.transfer"]];

async fn bank(groups: &[&[&str]]) -> Arc<Town> {
    let program = Path::new(env!("CARGO_BIN_EXE_bank"));
    Arc::new(Town::start(program, groups, "", "").await.expect("the bank comes up"))
}

fn won(amount: i64) -> Value {
    json!({ "amount": amount.to_string(), "currency": "KRW" })
}

fn number_of(opened: &Answer) -> Value {
    opened.location.rsplit('/').next().expect("it has a number").into()
}

/// Opens a current account with money on it, and a savings account without.
async fn accounts(bank: &Town, balance: i64) -> (Value, Value) {
    let owner = json!({ "owner": "0190a000-0000-7000-8000-000000000001", "currency": "KRW" });
    let from = bank.insist("bank.account", "/accounts", "open", &owner).await.expect("it opens");
    let paid_in = json!({ "amount": won(balance) });
    let path = format!("{}/deposits", from.location);
    bank.insist("bank.account", &path, "fill", &paid_in).await.expect("money is paid in");
    let to =
        bank.insist("bank.savings", "/savings", "open savings", &owner).await.expect("it opens");
    (number_of(&from), number_of(&to))
}

/// Begins a transfer and waits for its end.
async fn transferred(bank: &Town, key: &str, body: Value) -> Value {
    let begun = bank.insist("bank.transfer", "/transfers", key, &body).await.expect("it begins");
    assert_eq!(begun.status, 202, "{begun:?}");
    loop {
        let found = bank.get("bank.transfer", &begun.location).await.expect("it can be seen");
        let state = found.body["state"].as_str().expect("it stands somehow").to_owned();
        if ["completed", "compensated"].contains(&state.as_str()) {
            return found.body;
        }
        tokio::task::yield_now().await;
    }
}

async fn balances(bank: &Town, from: &Value, to: &Value) -> (Value, Value, Value) {
    let path = format!("/accounts/{}", from.as_str().expect("a number"));
    let from = bank.get("bank.account", &path).await.expect("it can be seen").body;
    let path = format!("/savings/{}", to.as_str().expect("a number"));
    let to = bank.get("bank.savings", &path).await.expect("it can be seen").body;
    let of = |account: &Value, what: &str| account[what]["amount"].clone();
    (of(&from, "balance"), of(&from, "held"), of(&to, "balance"))
}

async fn money_moves_or_stays_where_it_is(groups: &[&[&str]]) {
    let bank = bank(groups).await;
    let (from, to) = accounts(&bank, 1_000).await;
    let sending = |amount| json!({ "from": from, "to": to, "amount": won(amount) });
    let done = transferred(&bank, "one", sending(300)).await;
    assert_eq!(done["state"], "completed", "{done}");
    assert_eq!(transferred(&bank, "one", sending(300)).await["id"], done["id"], "asked again");
    assert_eq!(balances(&bank, &from, &to).await, ("700".into(), "0".into(), "300".into()));
    let too_much = transferred(&bank, "two", sending(800)).await;
    assert_eq!(too_much["state"], "compensated", "{too_much}");
    let because = too_much["because"].as_str().expect("it says why");
    assert!(because.contains("only 700 KRW is available"), "{because}");
    let nowhere = json!({ "from": from, "to": from, "amount": won(100) });
    let nowhere = transferred(&bank, "three", nowhere).await;
    assert_eq!(nowhere["state"], "compensated", "there is no such savings account: {nowhere}");
    let odd = transferred(&bank, "four", sending(100_000_000)).await;
    assert!(odd["because"].as_str().is_some_and(|why| why.contains("fraud")), "{odd}");
    assert_eq!(balances(&bank, &from, &to).await, ("700".into(), "0".into(), "300".into()));
    let metrics = bank.admin("bank.transfer", "/metrics").await.expect("it counts").body;
    let metrics = metrics.as_str().expect("it is text").to_owned();
    for line in ["started_total", "completed_total", "compensated_total", "stuck_total"] {
        let line = format!("ondol_saga_{line}{{service=\"bank.transfer\"}} ");
        assert!(metrics.contains(&line), "{line} is not in {metrics}");
    }
    assert!(metrics.contains("ondol_saga_completed_total{service=\"bank.transfer\"} 1\n"));
    assert!(metrics.contains("ondol_saga_compensated_total{service=\"bank.transfer\"} 3\n"));
    assert!(metrics.contains("ondol_saga_step_seconds_count{service=\"bank.transfer\"} "));
    bank.stop_all().await.expect("it stops in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process_money_moves_or_stays_where_it_is() {
    money_moves_or_stays_where_it_is(TOGETHER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_three_processes_money_moves_or_stays_where_it_is() {
    money_moves_or_stays_where_it_is(APART).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_cannot_be_read_is_refused_and_begins_nothing() {
    let bank = bank(TOGETHER).await;
    let (from, to) = accounts(&bank, 1_000).await;
    for (wrong, status) in [
        (json!({ "from": from, "to": to }), 422),
        (json!({ "from": "kim", "to": to, "amount": won(1) }), 422),
        (json!({ "from": from, "to": to, "amount": won(1), "state": "completed" }), 400),
    ] {
        let key = wrong.to_string();
        let answer = bank.post("bank.transfer", "/transfers", &key, &wrong).await.expect("it does");
        assert_eq!(answer.status, status, "{wrong}: {answer:?}");
    }
    let missing = "/transfers/0190a000-0000-7000-8000-000000000009";
    let missing = bank.get("bank.transfer", missing).await.expect("it answers");
    assert_eq!((missing.status, &missing.body["code"]), (404, &"not-found".into()));
    bank.stop_all().await.expect("it stops in order");
    let log = bank.ledger("bank.transfer").await.expect("it can be read");
    assert!(log.entries.is_empty(), "{log:?}");
}

async fn no_money_is_lost_or_made_by_kills(groups: &[&[&str]], plan: Plan) {
    besieged(&bank(groups).await, &plan).await;
}

async fn besieged(bank: &Arc<Town>, plan: &Plan) {
    let report = besiege(bank, plan).await.expect("the bank can be asked");
    assert!(report.wrong.is_empty(), "{report}: {:#?}", report.wrong);
    assert!(report.completed > 0 && report.compensated > 0, "both ways are taken: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_money_is_lost_or_made_when_one_process_is_killed_in_a_loop() {
    no_money_is_lost_or_made_by_kills(TOGETHER, Plan { kills: 6, tellers: 4, seed: 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_money_is_lost_or_made_when_any_of_three_processes_is_killed_in_a_loop() {
    no_money_is_lost_or_made_by_kills(APART, Plan { kills: 12, tellers: 4, seed: 2 }).await;
}

/// One process keeps what it knows on disk, the other in PostgreSQL: first those who hold the
/// money, then those who move it.
async fn no_money_is_lost_or_made_half_on_postgresql(plan: Plan, moves_on_postgresql: bool) {
    let database = servers::postgres().fresh_database();
    let on_postgresql = Some(database.as_str());
    let (holds, moves) =
        if moves_on_postgresql { (None, on_postgresql) } else { (on_postgresql, None) };
    let groups: [(&[&str], Option<&str>); 2] =
        [(&["bank.account", "bank.fraud"], holds), (&["bank.savings", "bank.transfer"], moves)];
    let program = Path::new(env!("CARGO_BIN_EXE_bank"));
    let bank = Town::start_upon(program, &groups, "", "").await.expect("the bank comes up");
    besieged(&Arc::new(bank), &plan).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_money_is_lost_or_made_between_postgresql_and_a_disk_when_processes_are_killed() {
    let plan = Plan { kills: 6, tellers: 4, seed: 3 };
    no_money_is_lost_or_made_half_on_postgresql(plan, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_money_is_lost_or_made_between_a_disk_and_postgresql_when_processes_are_killed() {
    let plan = Plan { kills: 6, tellers: 4, seed: 4 };
    no_money_is_lost_or_made_half_on_postgresql(plan, true).await;
}
