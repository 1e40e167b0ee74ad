//! What a bank does over HTTP.

use std::pin::Pin;
use std::task::Poll;

use serde_json::{Value, json};

use super::bank::{Answer, Bank};

pub(crate) const KIM: &str = "0190a000-0000-7000-8000-000000000001";
pub(crate) const LEE: &str = "0190a000-0000-7000-8000-000000000002";
pub(crate) const TRANSFER: &str = "0190a000-0000-7000-8000-0000000000aa";

pub(crate) fn won(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "KRW" })
}

/// Opens an account, and says where it is.
pub(crate) async fn open(bank: &Bank, owner: &str, key: &str) -> String {
    let opened = bank.post("/accounts", key, json!({ "owner": owner, "currency": "KRW" })).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    opened.header("location").to_owned()
}

pub(crate) async fn deposit(bank: &Bank, account: &str, key: &str, amount: &str) -> Answer {
    let answer =
        bank.post(&format!("{account}/deposits"), key, json!({ "amount": won(amount) })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// Waits for all of them, side by side.
async fn all_at_once<F: Future + Unpin>(mut waiting: Vec<F>) -> Vec<F::Output> {
    let mut done = Vec::new();
    std::future::poll_fn(|ctx| {
        waiting.retain_mut(|one| match Pin::new(one).poll(ctx) {
            Poll::Ready(output) => {
                done.push(output);
                false
            }
            Poll::Pending => true,
        });
        if waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done
}

pub(crate) async fn an_account_is_opened_paid_into_and_read_back(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let paid = deposit(bank, &account, "pay", "50000").await;
    assert_eq!(paid.body["events"][0]["type"], "account.deposited");
    assert_eq!(paid.body["events"][0]["data"], json!({ "amount": won("50000") }));
    let stands = bank.get(&account).await;
    assert_eq!((stands.status, stands.header("etag")), (200, "\"2\""));
    assert_eq!(stands.body["balance"], won("50000"));
    let balance = format!("{account}/balance");
    let seen = bank.get_after(&balance, paid.header("ondol-position")).await;
    assert_eq!((seen.status, &seen.body["balance"]), (200, &won("50000")));
    let hold = json!({ "transfer": TRANSFER, "amount": won("20000") });
    let held = bank.post(&format!("{account}/holds"), "hold", hold).await;
    let seen = bank.get_after(&balance, held.header("ondol-position")).await;
    assert_eq!((&seen.body["held"], &seen.body["available"]), (&won("20000"), &won("30000")));
    let settle = format!("{account}/holds/{TRANSFER}/settle");
    let settled = bank.post_with(&settle, &[("idempotency-key", "settle")], json!("")).await;
    assert_eq!(settled.status, 200, "{settled:?}");
    let seen = bank.get_after(&balance, settled.header("ondol-position")).await;
    assert_eq!((&seen.body["balance"], &seen.body["held"]), (&won("30000"), &won("0")));
}

pub(crate) async fn e2_a_repeated_request_gets_the_same_answer_and_has_one_effect(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    assert_eq!(open(bank, KIM, "open").await, account, "the same key, the same account");
    let first = deposit(bank, &account, "pay", "1000").await;
    let again = deposit(bank, &account, "pay", "1000").await;
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotency-replayed"), "true");
}

pub(crate) async fn e4_a_hundred_requests_at_once_under_one_key_have_one_effect(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    deposit(bank, &account, "pay", "1000").await;
    let path = format!("{account}/deposits");
    let body = json!({ "amount": won("7") });
    let burst = (0..100).map(|_| Box::pin(bank.post(&path, "burst", body.clone()))).collect();
    let answers = all_at_once(burst).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert!(statuses.contains(&200), "one of them is answered: {statuses:?}");
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    assert_eq!(bank.get(&account).await.body["balance"], won("1007"));
}

pub(crate) async fn e1_a_request_without_a_key_is_refused(bank: &Bank) {
    let body = json!({ "owner": KIM, "currency": "KRW" });
    let refused = bank.post_with("/accounts", &[], body).await;
    assert_eq!((refused.status, &refused.body["code"]), (400, &json!("idempotency-key-missing")));
    assert_eq!(refused.header("content-type"), "application/problem+json");
}

pub(crate) async fn e3_a_key_is_not_used_twice_for_different_requests(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    deposit(bank, &account, "pay", "1000").await;
    let path = format!("{account}/deposits");
    let other = bank.post(&path, "pay", json!({ "amount": won("2000") })).await;
    assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency-key-reused")));
    let body = json!({ "amount": won("1000") });
    let elsewhere = bank.post(&format!("{account}/withdrawals"), "pay", body).await;
    assert_eq!(elsewhere.body["code"], "idempotency-key-reused");
    assert_eq!(bank.get(&account).await.body["balance"], won("1000"));
}

pub(crate) async fn a_refusal_says_why_in_numbers(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    deposit(bank, &account, "pay", "1000").await;
    let path = format!("{account}/withdrawals");
    let refused = bank.post(&path, "take", json!({ "amount": won("5000") })).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["code"], "refused");
    assert_eq!(refused.body["refusal"]["code"], "account.not_enough_money");
    assert_eq!(refused.body["refusal"]["data"], json!({ "available": won("1000") }));
    let nobody = bank.post(&format!("/accounts/{TRANSFER}/close"), "close", json!("")).await;
    assert_eq!(nobody.body["refusal"]["code"], "account.not_opened");
}

pub(crate) async fn e6_what_has_changed_since_it_was_seen_is_not_changed_again(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    deposit(bank, &account, "pay", "1000").await;
    let path = format!("{account}/withdrawals");
    let body = json!({ "amount": won("100") });
    let stale = [("idempotency-key", "stale"), ("if-match", "\"1\"")];
    let refused = bank.post_with(&path, &stale, body.clone()).await;
    assert_eq!((refused.status, &refused.body["current_version"]), (412, &json!(2)));
    let fresh = [("idempotency-key", "fresh"), ("if-match", "\"2\"")];
    assert_eq!(bank.post_with(&path, &fresh, body).await.status, 200);
}

pub(crate) async fn an_account_can_be_looked_at_as_it_was(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    for (key, amount) in [("a", "1"), ("b", "10"), ("c", "100")] {
        deposit(bank, &account, key, amount).await;
    }
    let then = bank.get(&format!("{account}?as_of=3")).await;
    assert_eq!((then.header("etag"), &then.body["balance"]), ("\"3\"", &won("11")));
    let history = bank.get(&format!("{account}/history?limit=2&after=1")).await;
    let events = history.body.as_array().expect("a list");
    assert_eq!(events.len(), 2);
    let time = events[1]["time"].as_str().expect("a time");
    let then = bank.get(&format!("{account}?as_of={time}")).await;
    assert_eq!(then.body["balance"], won("11"));
    let position = &events[0]["position"];
    let then = bank.get(&format!("{account}?as_of=position:{position}")).await;
    assert_eq!(then.body["balance"], won("1"));
    let before = bank.get(&format!("{account}?as_of=0")).await;
    assert_eq!(before.status, 404);
    let wrong = bank.get(&format!("{account}?as_of=yesterday")).await;
    assert_eq!((wrong.status, &wrong.body["code"]), (400, &json!("as-of")));
}

pub(crate) async fn a_statement_is_read_in_pages(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let other = open(bank, LEE, "other").await;
    deposit(bank, &other, "elsewhere", "9").await;
    let mut token = String::new();
    for number in 0..6 {
        let paid = deposit(bank, &account, &format!("pay-{number}"), "1").await;
        token = paid.header("ondol-position").to_owned();
    }
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let path = format!("{account}/statement?limit=3{next}");
        let page = bank.get_after(&path, &token).await;
        assert_eq!(page.status, 200, "{page:?}");
        let items = page.body["items"].as_array().expect("a list").clone();
        assert!(items.len() <= 3);
        seen.extend(items.iter().map(|line| line["number"].as_u64().expect("a number")));
        let Some(cursor) = page.body["next"].as_str() else { break };
        next = format!("&after={cursor}");
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1], "the newest first, none of another account");
    let wrong = bank.get(&format!("{account}/statement?after=AAAA")).await;
    assert_eq!((wrong.status, &wrong.body["code"]), (400, &json!("page-cursor")));
}

pub(crate) async fn accounts_are_found_by_their_owner(bank: &Bank) {
    let (mine, also_mine) = (open(bank, KIM, "a").await, open(bank, KIM, "b").await);
    open(bank, LEE, "c").await;
    let last = deposit(bank, &mine, "pay", "5").await;
    let path = format!("/accounts?owner={KIM}");
    let page = bank.get_after(&path, last.header("ondol-position")).await;
    let found = page.body["items"].as_array().expect("a list").iter();
    let mut found: Vec<_> =
        found.map(|item| format!("/accounts/{}", item["account"].as_str().unwrap_or(""))).collect();
    found.sort_unstable();
    let mut expected = [mine, also_mine];
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// Sends bodies that are wrong to an account, and checks that nothing comes of them.
async fn all_refused(bank: &Bank, rows: impl IntoIterator<Item = (String, &str, u16)>) {
    let account = open(bank, KIM, "open").await;
    let path = format!("{account}/deposits");
    for (at, (body, content_type, status)) in rows.into_iter().enumerate() {
        let key = format!("row-{at}");
        let headers = [("idempotency-key", key.as_str()), ("content-type", content_type)];
        let start: String = body.chars().take(60).collect();
        let answer = bank.post_with(&path, &headers, Value::String(body)).await;
        assert_eq!(answer.status, status, "{start} as {content_type}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{start}");
    }
    assert_eq!(bank.get(&account).await.header("etag"), "\"1\"", "nothing has happened");
}

const JSON: &str = "application/json";
const AMOUNT: &str = r#""amount":{"amount":"1","currency":"KRW"}"#;

pub(crate) async fn e8_nobody_says_where_when_or_for_whom_an_event_is(bank: &Bank) {
    let said = ["\"position\":7", "\"timestamp\":\"2026-01-01T00:00:00Z\"", "\"tenant\":\"x\""];
    let causes = ["\"causation\":\"x\"", "\"correlation\":\"x\"", "\"version\":1"];
    let rows = said.into_iter().chain(causes);
    let rows = rows.map(|said| (format!("{{{AMOUNT},{said}}}"), JSON, 400));
    all_refused(bank, rows.collect::<Vec<_>>()).await;
}

pub(crate) async fn e11_a_body_that_can_be_read_in_two_ways_is_refused(bank: &Bank) {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let amount =
        |amount: &str| format!("{{\"amount\":{{\"amount\":{amount},\"currency\":\"KRW\"}}}}");
    let rows = [
        (format!("{{{AMOUNT},{AMOUNT}}}"), 400),
        (format!("\u{feff}{{{AMOUNT}}}"), 400),
        (amount("1e400"), 400),
        (amount("-0"), 400),
        (amount("9007199254740993"), 422),
        (amount("1"), 422),
        (amount("\"1.5\""), 422),
        (amount("\"-1\""), 422),
        (amount("\"0\""), 422),
        (amount("\"9223372036854775808\""), 422),
        (amount("\"\\ud800\""), 400),
        (amount("NaN"), 400),
        ("{}".to_owned(), 422),
        (deep, 400),
        (" ".repeat(300_000), 413),
    ];
    all_refused(bank, rows.map(|(body, status)| (body, JSON, status))).await;
}

pub(crate) async fn e12_a_body_that_is_not_said_to_be_json_in_utf8_is_refused(bank: &Bank) {
    let types = ["text/xml", "text/plain", "", "application/json; charset=utf-16", "application/*"];
    all_refused(bank, types.map(|kind| (format!("{{{AMOUNT}}}"), kind, 415))).await;
}

pub(crate) async fn what_is_asked_for_in_vain_is_told_as_a_problem(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    for (path, status) in [
        ("/accounts/kim", 404),
        ("/accounts/../etc", 404),
        ("/nowhere", 404),
        ("/accounts?limit=0", 400),
        ("/accounts?limit=201", 400),
        ("/accounts?owner=kim", 400),
    ] {
        let answer = bank.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, "application/problem+json"),
            "{path}"
        );
    }
    let token = "00000000000000000000000000000001.1";
    let foreign = bank.get_after(&format!("{account}/balance"), token).await;
    assert_eq!((foreign.status, &foreign.body["code"]), (410, &json!("consistency-token-foreign")));
}

pub(crate) async fn the_api_describes_itself(bank: &Bank) {
    let description = bank.get("/openapi.json").await;
    assert_eq!(description.status, 200);
    assert!(description.body["openapi"].as_str().is_some_and(|text| text.starts_with("3.1")));
    let paths = description.body["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 15, "{:?}", paths.keys());
    let deposit = &paths["/accounts/{account}/deposits"]["post"];
    let body = &deposit["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(body, "#/components/schemas/Moving");
    assert!(
        description.body["components"]["schemas"]["Moving"]["properties"]["amount"].is_object()
    );
}

pub(crate) async fn operators_see_how_it_stands(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let paid = deposit(bank, &account, "pay", "1").await;
    for view in ["balance", "statement"] {
        bank.get_after(&format!("{account}/{view}"), paid.header("ondol-position")).await;
    }
    assert_eq!(bank.admin("/livez").await.0, 200);
    assert_eq!(bank.admin("/readyz").await.0, 200);
    let (status, numbers) = bank.admin("/metrics").await;
    assert_eq!(status, 200);
    assert!(numbers.contains("ondol_log_position{service=\"bank.account\"} 2\n"), "{numbers}");
    let behind = "ondol_view_behind_events{service=\"bank.account\",view=\"balance\"} ";
    assert!(numbers.contains(behind), "{numbers}");
}

pub(crate) async fn everything_is_there_after_a_restart(bank: &Bank) {
    let account = open(bank, KIM, "open").await;
    let paid = deposit(bank, &account, "pay", "1000").await;
    bank.stop().await;
    bank.begin().await;
    let again = deposit(bank, &account, "pay", "1000").await;
    assert_eq!(again.body, paid.body, "the recorded answer, by the log");
    let balance = format!("{account}/balance");
    let seen = bank.get_after(&balance, paid.header("ondol-position")).await;
    assert_eq!(seen.body["balance"], won("1000"));
    bank.kill().await;
    bank.begin().await;
    assert_eq!(bank.get(&account).await.header("etag"), "\"2\"");
}
