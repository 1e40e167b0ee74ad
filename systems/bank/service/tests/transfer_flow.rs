//! A transfer through the whole bank in memory, with everything that can go wrong at every append
//! of every service: it comes to the same end.

use std::time::Duration;

use ondol_testkit_app::{FlowProof, TestApp};
use serde_json::{Value, json};

const OWNER: &str = "0190a000-0000-7000-8000-000000000001";
const NOWHERE: &str = "0190a000-0000-7000-8000-000000000009";

fn won(amount: i64) -> Value {
    json!({ "amount": amount.to_string(), "currency": "KRW" })
}

/// Asks, and answers where what was made is; nothing if there was no good answer.
fn made(app: &TestApp, path: &str, key: &str, body: &Value) -> Option<String> {
    let reply = app.post(path, key, body);
    reply.status.is_success().then(|| reply.header("location").to_owned())
}

/// The accounts by their numbers, which follow from the keys under which they are opened.
fn accounts(app: &TestApp) -> Option<(String, String)> {
    let opening = json!({ "owner": OWNER, "currency": "KRW" });
    let from = made(app, "/accounts", "from", &opening)?;
    made(app, &format!("{from}/deposits"), "fill", &json!({ "amount": won(1_000) }))?;
    let to = made(app, "/savings", "to", &opening)?;
    Some((from, to))
}

fn begins(app: &TestApp, goes_nowhere: bool) -> bool {
    let Some((from, to)) = accounts(app) else { return false };
    let number = |of: &str| of.rsplit('/').next().unwrap_or_default().to_owned();
    let to = if goes_nowhere { NOWHERE.to_owned() } else { number(&to) };
    let body = json!({ "from": number(&from), "to": to, "amount": won(300) });
    made(app, "/transfers", "transfer", &body).is_some()
}

/// How the transfer stands, and what is on the two accounts and promised on the first.
fn found(app: &TestApp) -> [String; 4] {
    let (from, to) = accounts(app).expect("they are open");
    let transfer = app.log("bank.transfer")[0].stream.key().to_owned();
    let number = transfer.rsplit('/').next().unwrap_or_default();
    let transfer = app.get(&format!("/transfers/{number}")).json();
    let (from, to) = (app.get(&from).json(), app.get(&to).json());
    let text = |value: &Value| value.as_str().unwrap_or("0").to_owned();
    [
        text(&transfer["state"]),
        text(&from["balance"]["amount"]),
        text(&from["held"]["amount"]),
        text(&to["balance"]["amount"]),
    ]
}

fn proof(goes_nowhere: bool, end: [&'static str; 4]) -> FlowProof {
    FlowProof::of(bank::app)
        .within(Duration::from_secs(20))
        .beginning(move |app| begins(app, goes_nowhere))
        .invariant("the money is where it should be", move |app| {
            let found = found(app);
            if found == end { Ok(()) } else { Err(format!("{found:?} and not {end:?}")) }
        })
}

#[test]
fn a_transfer_is_done_whatever_goes_wrong() {
    let report = proof(false, ["completed", "700", "0", "300"]).check();
    assert!(report.appends >= 9 && report.crashes >= 10, "{report}");
}

#[test]
fn a_transfer_that_goes_nowhere_is_taken_back_whatever_goes_wrong() {
    let report = proof(true, ["compensated", "1000", "0", "0"]).check();
    assert!(report.appends >= 9 && report.crashes >= 10, "{report}");
}
