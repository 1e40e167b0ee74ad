//! What happens to an account, told as it happens.

use serde_json::json;

use super::bank::Bank;
use super::cases::{KIM, LEE, TRANSFER, deposit, open, won};

pub(crate) async fn what_happens_is_told_as_it_happens_and_none_is_missed(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let other = open(bank, LEE, "other").await;
    deposit(bank, &account, "a", "1").await;
    let mut listening = bank.listen(&format!("{account}/events"), None).await;
    let (_, opened) = listening.next().await.expect("it has been opened");
    assert_eq!((&opened["type"], &opened["version"]), (&json!("account.opened"), &json!(1)));
    let (last, first) = listening.next().await.expect("something was paid in");
    assert_eq!(first["data"]["amount"], won("1"));
    deposit(bank, &other, "elsewhere", "5").await;
    let paid = deposit(bank, &account, "b", "2").await;
    let (_, told) = listening.next().await.expect("something was paid in");
    assert_eq!(told, paid.body["events"][0], "what the other account got is not told");
    drop(listening);
    deposit(bank, &account, "c", "3").await;
    bank.kill().await;
    bank.begin().await;
    let mut again = bank.listen(&format!("{account}/events"), Some(&last)).await;
    for (version, amount) in [(3, "2"), (4, "3")] {
        let (_, told) = again.next().await.expect("nothing is missed");
        assert_eq!((&told["version"], &told["data"]["amount"]), (&json!(version), &won(amount)));
    }
}

pub(crate) async fn e13_whoever_asks_for_what_cannot_be_is_told_so(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    for (after, status, code) in [
        ("-1", 400, "last-event-id"),
        ("18446744073709551616", 400, "last-event-id"),
        ("1e3", 400, "last-event-id"),
        ("00000000000000000000000000000001.1", 410, "events-gone"),
    ] {
        let answer = bank.get(&format!("{account}/events?after={after}")).await;
        assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{after}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let nobody = bank.get(&format!("/accounts/{TRANSFER}/events")).await;
    assert_eq!((nobody.status, &nobody.body["code"]), (404, &json!("not-found")));
}

pub(crate) async fn e13_what_has_not_happened_yet_is_waited_for(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let mut listening = bank.listen(&format!("{account}/events?after=2"), None).await;
    deposit(bank, &account, "a", "1").await;
    deposit(bank, &account, "b", "2").await;
    let (_, told) = listening.next().await.expect("the third has happened");
    assert_eq!((&told["version"], &told["data"]["amount"]), (&json!(3), &won("2")));
}

pub(crate) async fn whoever_listens_does_not_keep_it_from_ending(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let mut listening = bank.listen(&format!("{account}/events"), None).await;
    assert!(listening.next().await.is_some());
    let ending = async {
        bank.stop().await;
        bank.begin().await;
    };
    let (heard, ()) = tokio::join!(listening.next(), ending);
    assert!(heard.is_none(), "found {heard:?}");
}
