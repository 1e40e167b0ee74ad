//! What each provider does when nothing goes wrong, and what it says no to.

use outside::Provider;
use serde_json::json;

use super::town::{Town, payment};

#[tokio::test]
async fn a_payment_is_authorized_captured_and_refunded_and_never_beyond() {
    let town = Town::start().await;
    let client = &town.client;
    let made = client.post("/payment/payments", "1", payment("o", 1_000)).await;
    let path = format!("/payment/payments/{}", made.id());
    let early = client.post(&format!("{path}/refund"), "2", json!({ "amount": 1 })).await;
    assert_eq!((early.status, early.code()), (409, "payment_not_captured"));
    let captured = client.post(&format!("{path}/capture"), "3", json!({})).await;
    assert_eq!(captured.body["status"], "captured");
    let again = client.post(&format!("{path}/capture"), "4", json!({})).await;
    assert_eq!((again.status, &again.body), (200, &captured.body));
    let late = client.post(&format!("{path}/void"), "5", json!({})).await;
    assert_eq!((late.status, late.code()), (409, "payment_captured"));
    let most = client.post(&format!("{path}/refund"), "6", json!({ "amount": 700 })).await;
    assert_eq!(most.body["refunded"], 700);
    for amount in [301, 0, -1] {
        let key = format!("refund {amount}");
        let more = client.post(&format!("{path}/refund"), &key, json!({ "amount": amount })).await;
        assert_eq!((more.status, more.code()), (409, "refund_too_large"), "{amount}");
    }
    assert_eq!(client.get(&path).await.body["refunded"], 700);
    town.stop().await;
}

#[tokio::test]
async fn a_void_payment_is_never_captured() {
    let town = Town::start().await;
    let client = &town.client;
    let made = client.post("/payment/payments", "1", payment("o", 1_000)).await;
    let path = format!("/payment/payments/{}", made.id());
    assert_eq!(client.post(&format!("{path}/void"), "2", json!({})).await.body["status"], "voided");
    assert_eq!(client.post(&format!("{path}/void"), "3", json!({})).await.status, 200);
    let late = client.post(&format!("{path}/capture"), "4", json!({})).await;
    assert_eq!((late.status, late.code()), (409, "payment_voided"));
    town.stop().await;
}

#[tokio::test]
async fn cards_say_themselves_what_becomes_of_them() {
    let town = Town::start().await;
    for (means, status, code) in [
        ("card-good", 201, ""),
        ("card-declined", 402, "card_declined"),
        ("card-empty", 402, "insufficient_funds"),
    ] {
        let mut body = payment("o", 10);
        body["means"] = json!(means);
        let answer = town.client.post("/payment/payments", means, body).await;
        assert_eq!((answer.status, answer.code()), (status, code));
    }
    town.stop().await;
}

#[tokio::test]
async fn payments_are_listed_a_part_at_a_time_in_the_order_they_were_made() {
    let town = Town::start().await;
    for number in 0..203 {
        let body = payment(&format!("o{number}"), 10);
        town.client.post("/payment/payments", &number.to_string(), body).await;
    }
    let first = town.client.get("/payment/payments").await;
    let first = first.body["payments"].as_array().expect("a list").clone();
    assert_eq!((first.len(), &first[0]["reference"]), (200, &json!("o0")));
    let last = first[199]["id"].as_str().expect("an id");
    let rest = town.client.get(&format!("/payment/payments?after={last}")).await;
    let rest = rest.body["payments"].as_array().expect("a list").clone();
    assert_eq!((rest.len(), &rest[2]["reference"]), (3, &json!("o202")));
    town.stop().await;
}

#[tokio::test]
async fn a_shipment_is_taken_and_cancelled_but_not_to_nowhere() {
    let town = Town::start().await;
    let client = &town.client;
    let later = outside::Change { transit_ms: Some(3_600_000), ..outside::Change::default() };
    town.set(Provider::Carrier, &later);
    let to = |to: &str| json!({ "reference": "o", "to": to, "pieces": 2 });
    let taken = client.post("/carrier/shipments", "1", to("Seoul")).await;
    assert_eq!((taken.status, &taken.body["status"]), (201, &json!("in_transit")));
    let path = format!("/carrier/shipments/{}", taken.id());
    let cancelled = client.post(&format!("{path}/cancel"), "2", json!({})).await;
    assert_eq!(cancelled.body["status"], "cancelled");
    let nowhere = client.post("/carrier/shipments", "3", to("nowhere")).await;
    assert_eq!((nowhere.status, nowhere.code()), (422, "no_capacity"));
    town.stop().await;
}

#[tokio::test]
async fn the_insurer_agrees_refuses_and_can_be_told_that_it_is_not_needed() {
    let town = Town::start().await;
    let client = &town.client;
    let ask = |member: &str| {
        json!({ "reference": "a", "member": member, "treatment": "x-ray", "amount": 90_000,
                "currency": "KRW" })
    };
    let agreed = client.post("/insurer/agreements", "1", ask("m1")).await;
    assert_eq!((agreed.status, &agreed.body["status"]), (201, &json!("agreed")));
    let path = format!("/insurer/agreements/{}/cancel", agreed.id());
    assert_eq!(client.post(&path, "2", json!({})).await.body["status"], "cancelled");
    let ended = client.post("/insurer/agreements", "3", ask("member-ended")).await;
    assert_eq!((ended.status, ended.code()), (422, "not_covered"));
    let all = client.get("/insurer/agreements?reference=a").await;
    assert_eq!(all.body["agreements"].as_array().map(Vec::len), Some(1));
    town.stop().await;
}

#[tokio::test]
async fn recommendations_are_some_of_what_was_named_and_the_same_each_time() {
    let town = Town::start().await;
    let path = "/recommendation/recommendations?person=kim&among=a,b,c,d,e,a&count=3";
    let once = town.client.get(path).await;
    let named = once.body["recommended"].as_array().expect("a list").clone();
    assert_eq!(named.len(), 3);
    assert!(named.iter().all(|one| ["a", "b", "c", "d", "e"].contains(&one.as_str().unwrap())));
    assert_eq!(town.client.get(path).await.body, once.body);
    let lee = town.client.get(&path.replace("kim", "lee")).await;
    assert_ne!(lee.body, once.body);
    town.stop().await;
}

#[tokio::test]
async fn the_cdn_hands_out_a_picture_for_a_plain_name_only() {
    let town = Town::start().await;
    let picture = town.client.get("/cdn/files/tea-01.svg").await;
    assert_eq!(picture.headers["content-type"], "image/svg+xml");
    assert!(picture.text.starts_with("<svg ") && picture.text.ends_with("</svg>"));
    for name in ["%3Cscript%3E", "a%2Fb", "..%2f..", "tea/01"] {
        assert_eq!(town.client.get(&format!("/cdn/files/{name}")).await.status, 404, "{name}");
    }
    town.stop().await;
}
