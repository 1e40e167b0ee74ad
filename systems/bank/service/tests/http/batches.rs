//! Several movements in one request: all of them are made, or none.

use serde_json::{Value, json};

use super::bank::{Answer, Bank};
use super::cases::{KIM, TRANSFER, open, won};

fn paid(amount: &str) -> Value {
    json!({ "deposit": { "amount": won(amount) } })
}

fn taken(amount: &str) -> Value {
    json!({ "withdraw": { "amount": won(amount) } })
}

async fn move_all(bank: &Bank, account: &str, key: &str, movements: Vec<Value>) -> Answer {
    let body = json!({ "movements": movements });
    bank.post(&format!("{account}/movements"), key, body).await
}

pub(crate) async fn e10_movements_are_made_all_or_none(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let held = json!({ "hold": { "transfer": TRANSFER, "amount": won("30") } });
    let movements = vec![paid("100"), taken("60"), held];
    let made = move_all(bank, &account, "good", movements.clone()).await;
    assert_eq!((made.status, made.header("etag")), (200, "\"4\""), "{made:?}");
    let kinds = made.body["events"].as_array().expect("a list").iter();
    let kinds: Vec<_> = kinds.map(|event| event["type"].as_str().unwrap_or("")).collect();
    assert_eq!(kinds, ["account.deposited", "account.withdrawn", "account.held"]);
    let again = move_all(bank, &account, "good", movements).await;
    assert_eq!((again.status, &again.body), (200, &made.body));
    // The second sees the first, and the third finds too little left.
    let refused = move_all(bank, &account, "bad", vec![paid("5"), taken("10"), taken("6")]).await;
    assert_eq!((refused.status, &refused.body["item"]), (422, &json!(2)), "{refused:?}");
    assert_eq!(refused.body["refusal"]["code"], "account.not_enough_money");
    assert_eq!(refused.body["refusal"]["data"], json!({ "available": won("5") }));
    bank.kill().await;
    bank.begin().await;
    let again = move_all(bank, &account, "bad", vec![paid("5"), taken("10"), taken("6")]).await;
    assert_eq!((again.status, &again.body), (422, &refused.body));
    let stands = bank.get(&account).await;
    assert_eq!((stands.header("etag"), &stands.body["balance"]), ("\"4\"", &won("40")));
}

pub(crate) async fn e10_one_bad_movement_of_a_hundred_spoils_them_all(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let bad = [
        taken("1000"),
        json!({ "deposit": { "amount": won("-1") } }),
        json!({ "deposit": { "amount": { "amount": "1", "currency": "USD" } } }),
        json!({ "deposit": {} }),
        json!({ "steal": { "amount": won("1") } }),
        json!({ "deposit": { "amount": won("1") }, "withdraw": { "amount": won("1") } }),
        json!("deposit"),
        json!(null),
    ];
    for (at, bad) in bad.into_iter().enumerate() {
        let mut movements = vec![paid("1"); 100];
        movements[57] = bad.clone();
        let refused = move_all(bank, &account, &format!("bad-{at}"), movements).await;
        assert_eq!(refused.status, 422, "{bad}: {refused:?}");
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    let mut movements = vec![paid("1"); 100];
    movements[57] = json!({ "deposit": { "amount": won("1"), "position": 7 } });
    assert_eq!(move_all(bank, &account, "extra", movements).await.status, 400);
    assert_eq!(bank.get(&account).await.header("etag"), "\"1\"", "nothing was written");
    let made = move_all(bank, &account, "good", vec![paid("1"); 100]).await;
    assert_eq!((made.status, made.header("etag")), (200, "\"101\""));
}

pub(crate) async fn e10_more_movements_than_there_may_be_are_refused(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let refused = move_all(bank, &account, "many", vec![paid("1"); 101]).await;
    assert_eq!((refused.status, &refused.body["code"]), (413, &json!("batch-too-large")));
    assert_eq!(refused.body["items_max"], 100);
    let huge = move_all(bank, &account, "huge", vec![paid("1"); 10_000]).await;
    assert_eq!((huge.status, &huge.body["code"]), (413, &json!("body-too-large")));
    let none = move_all(bank, &account, "none", Vec::new()).await;
    assert_eq!((none.status, &none.body["code"]), (422, &json!("batch-empty")));
    assert_eq!(bank.get(&account).await.header("etag"), "\"1\"", "nothing was written");
}
