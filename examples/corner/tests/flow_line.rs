//! `flow show ID`: who did what because of what, and what is still to come, while nobody leads.

use std::path::Path;

use saga_proof::Town;
use serde_json::Value;

const APART: &[&[&str]] = &[&["shop.order"], &["shop.stock"], &["shop.notice"]];
const NOTICE: usize = 2;

async fn flow(town: &Town, id: &str, words: &[&str]) -> String {
    let words: Vec<_> = ["flow", "show", id].iter().chain(words).copied().collect();
    let (is_good, said) = town.say("shop.order", &words).await.expect("it can be started");
    assert!(is_good, "{said}");
    said
}

async fn json_of(town: &Town, id: &str) -> Value {
    let said = flow(town, id, &["--output", "json"]).await;
    serde_json::from_str(&said).expect("it is JSON")
}

/// Waits until something of a service is so.
async fn until(town: &Town, service: &str, path: &str, is_so: impl Fn(&Value) -> bool) {
    loop {
        if let Ok(answer) = town.get(service, path).await
            && is_so(&answer.body)
        {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_nobody_leads_is_told_with_what_is_still_to_come() {
    let program = Path::new(env!("CARGO_BIN_EXE_corner"));
    let town = Town::start(program, APART, "", "").await.expect("it comes up");
    town.kill(NOTICE).await.expect("it runs");
    for (service, path) in
        [("shop.stock", "/shelves/plums/100"), ("shop.order", "/orders/o1/plums/60")]
    {
        town.insist(service, path, path, &Value::Null).await.expect("it is answered");
    }
    until(&town, "shop.stock", "/shelves/plums", |shelf| shelf["second"] == 60).await;
    let orders = town.ledger("shop.order").await.expect("it can be read");
    let id = orders.entries[0].flow.clone();
    let told = json_of(&town, &id).await;
    let pending = told["pending"].as_array().expect("a list");
    assert_eq!(pending.len(), 1, "{told}");
    assert_eq!(pending[0]["by"], "the policy \"write what was reserved\" of shop.notice");
    assert_eq!(pending[0]["because_of"], "shelf.reserved at 2 of shop.stock", "{told}");
    town.begin(NOTICE).await.expect("it comes up");
    until(&town, "shop.order", "/orders/o1/cancelled", |cancelled| *cancelled == 1).await;
    let told = json_of(&town, &id).await;
    assert_eq!(told["pending"], Value::Array(Vec::new()), "{told}");
    let events = told["events"].as_array().expect("a list");
    let chain: Vec<_> = events
        .iter()
        .map(|event| (event["type"].as_str(), event["because_of"].as_str()))
        .map(|(what, why)| (what.unwrap_or_default(), why.unwrap_or_default()))
        .collect();
    assert_eq!(
        chain[1..],
        [
            ("shelf.reserved", "order.placed at 1 of shop.order"),
            ("letter.found_too_large", "shelf.reserved at 2 of shop.stock"),
            ("shelf.given_back", "letter.found_too_large at 1 of shop.notice"),
            ("order.cancelled", "shelf.given_back at 3 of shop.stock"),
        ],
        "{told}"
    );
    let table = flow(&town, &id, &[]).await;
    assert!(table.contains("BECAUSE OF") && !table.contains("STILL TO COME"), "{table}");
    town.stop_all().await.expect("it stops in order");
}
