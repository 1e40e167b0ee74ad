//! What was refused stays refused, whoever has forgotten it.

use serde_json::json;

use super::bank::Bank;
use super::cases::{KIM, deposit, open, won};

pub(crate) async fn a_no_is_a_no_also_after_it_was_killed(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let path = format!("{account}/withdrawals");
    let body = json!({ "amount": won("500") });
    let first = bank.post(&path, "take", body.clone()).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (422, ""));
    deposit(bank, &account, "pay", "1000").await;
    for _ in 0..2 {
        bank.kill().await;
        bank.begin().await;
        let again = bank.post(&path, "take", body.clone()).await;
        assert_eq!((again.status, &again.body), (422, &first.body));
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    assert_eq!(bank.get(&account).await.body["balance"], won("1000"));
    let other = bank.post(&path, "take again", body).await;
    assert_eq!(other.status, 200, "under another key it is another request");
}

pub(crate) async fn e3_another_request_under_a_key_is_told_also_after_it_was_killed(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    deposit(bank, &account, "pay", "1000").await;
    let take = |amount| json!({ "amount": won(amount) });
    let path = format!("{account}/withdrawals");
    assert_eq!(bank.post(&path, "take", take("5000")).await.status, 422);
    bank.kill().await;
    bank.begin().await;
    let paid = bank.post(&format!("{account}/deposits"), "pay", take("2000")).await;
    let taken = bank.post(&path, "take", take("10")).await;
    for other in [paid, taken] {
        assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency-key-reused")));
    }
    assert_eq!(bank.get(&account).await.body["balance"], won("1000"));
}
