//! The bank is killed again and again while money is paid in. Whoever looks from outside, with
//! nothing but HTTP, finds every payment that was acknowledged, and none of them twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::bank::Bank;

const TELLERS: u32 = 4;
const PAYMENTS: u32 = 60;
/// After how many acknowledged payments it is killed.
const KILLED_EVERY: u32 = 40;

pub(crate) async fn no_payment_is_lost_or_made_twice_when_it_is_killed(bank: &Arc<Bank>) {
    let acknowledged = Arc::new(AtomicU32::new(0));
    let mut tellers = JoinSet::new();
    for teller in 0..TELLERS {
        tellers.spawn(pay(Arc::clone(bank), teller, Arc::clone(&acknowledged)));
    }
    let mut kills = 0;
    while acknowledged.load(Ordering::SeqCst) < TELLERS * PAYMENTS {
        if acknowledged.load(Ordering::SeqCst) >= (kills + 1) * KILLED_EVERY {
            bank.kill().await;
            bank.begin().await;
            kills += 1;
        }
        tokio::task::yield_now().await;
    }
    assert!(kills >= 3, "it was killed while it worked, {kills} times");
    let mut all = 0;
    while let Some(paid) = tellers.join_next().await {
        let (account, answers) = paid.expect("a teller does not panic");
        all += answers.len();
        check(bank, &account, &answers).await;
    }
    assert_eq!(all, (TELLERS * PAYMENTS) as usize);
    bank.stop().await;
    bank.views_equal_a_replay().await;
    bank.begin().await;
}

/// Opens an account and pays in, each payment under its key until it is acknowledged.
async fn pay(
    bank: Arc<Bank>,
    teller: u32,
    acknowledged: Arc<AtomicU32>,
) -> (String, Vec<(Value, String)>) {
    let owner = format!("0190a000-0000-7000-8000-{teller:012}");
    let opening = json!({ "owner": owner, "currency": "KRW" });
    let opened = until_answered(&bank, "/accounts", &format!("open-{teller}"), &opening).await;
    let account = opened.1;
    let mut answers = Vec::new();
    for payment in 0..PAYMENTS {
        let body = json!({ "amount": { "amount": "1", "currency": "KRW" } });
        let key = format!("{teller}-{payment}");
        let (answer, _, token) =
            until_answered(&bank, &format!("{account}/deposits"), &key, &body).await;
        acknowledged.fetch_add(1, Ordering::SeqCst);
        answers.push((answer, token));
    }
    (account, answers)
}

/// Asks again under the same key for as long as it is not known what came of it.
async fn until_answered(
    bank: &Bank,
    path: &str,
    key: &str,
    body: &Value,
) -> (Value, String, String) {
    loop {
        match bank.try_post(path, &[("idempotency-key", key)], body).await {
            Ok(answer) if [200, 201].contains(&answer.status) => {
                let (location, token) =
                    (answer.header("location").to_owned(), answer.header("ondol-position"));
                return (answer.body.clone(), location, token.to_owned());
            }
            Ok(answer) => assert!([409, 503].contains(&answer.status), "{answer:?}"),
            // It was killed: nobody knows whether it was done.
            Err(_broken_off) => tokio::task::yield_now().await,
        }
    }
}

/// Whoever looks from outside finds each payment once, at the place that was acknowledged.
async fn check(bank: &Bank, account: &str, answers: &[(Value, String)]) {
    let history = bank.get(&format!("{account}/history?limit=200")).await;
    let events = history.body.as_array().expect("a list");
    assert_eq!(events.len(), answers.len() + 1, "one opening, each payment once");
    for (answer, _) in answers {
        let event = &answer["events"][0];
        assert!(events.contains(event), "{event} was acknowledged and is lost");
    }
    let (_, token) = answers.last().expect("payments were made");
    let balance = bank.get_after(&format!("{account}/balance"), token).await;
    let expected = json!({ "amount": answers.len().to_string(), "currency": "KRW" });
    assert_eq!(balance.body["balance"], expected, "{balance:?}");
    let statement = bank.get_after(&format!("{account}/statement?limit=200"), token).await;
    let lines = statement.body["items"].as_array().expect("a list");
    assert_eq!(lines.len(), events.len(), "a line an event");
}
