//! The corner shop as those see it who look after it, and those who only listen: what is parked,
//! timers, feeds told event by event. All of it by the program itself, its ports and curl.

#[path = "flow/client.rs"]
mod client;
#[path = "operate/seen.rs"]
mod seen;
#[path = "operate/shop.rs"]
mod shop;

use serde_json::Value;
use shop::Shop;

/// No shelf can be called like this, so nothing can be reserved of it.
const NOTHING: &str = "%0A";
const POLICY: &str = "reserve what was ordered";

/// What is parked, as `parked list` has it.
async fn parked(shop: &Shop) -> Vec<Value> {
    let listed = shop.told(&["parked", "list", "--output", "json"]).await;
    listed.as_array().expect("a list").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_seen_tried_edited_and_skipped_on_the_command_line() {
    let shop = Shop::start().await;
    shop.post("/shelves/plums/100", "fill").await;
    assert!(shop.readiness().await.contains("ready"), "it begins ready");
    // Behind what cannot be reserved, the same order waits; others flow.
    shop.post(&format!("/orders/o1/{NOTHING}/2"), "o1 first").await;
    shop.post("/orders/o1/plums/3", "o1 second").await;
    shop.post("/orders/o2/plums/4", "o2").await;
    shop.until(|| async { shop.reserved("plums").await == 4 }).await;
    shop.until(|| async { parked(&shop).await.len() == 1 }).await;
    let one = parked(&shop).await.remove(0);
    assert_eq!((&one["service"], &one["name"]), (&"shop.stock".into(), &POLICY.into()));
    shop.until(|| async { parked(&shop).await[0]["waiting"] == 1 }).await;
    let reason = one["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("call-"), "it is classified: {reason}");
    let unit = one["unit"].as_str().expect("a unit").to_owned();
    let health = shop.readiness().await;
    assert!(health.contains("degraded") && health.contains("1 streams are parked"), "{health}");
    let numbers = shop.numbers().await;
    let of = format!("{{service=\"shop.stock\",reaction=\"{POLICY}\"}}");
    assert!(numbers.contains(&format!("ondol_reaction_parked_streams{of} 1")), "{numbers}");

    // A table for people says the same.
    let (_, table, _) = shop.run(&["parked", "list"]).await;
    assert!(table.contains("UNIT") && table.contains(&unit), "{table}");
    let which = ["shop.stock", POLICY, &unit];
    let with = |verb: &str, more: &[&str]| -> Vec<String> {
        let words = ["parked", verb].into_iter().chain(which).chain(more.iter().copied());
        words.chain(["--output", "json"]).map(str::to_owned).collect()
    };
    let shown = shop.told(&with("show", &[])).await;
    assert_eq!(shown["event"]["data"]["item"], "\n");
    assert_eq!(shown["waiting"].as_array().map(Vec::len), Some(1));

    // It fails still: it stays parked, and has been tried once more.
    let tries = one["tries"].as_u64().expect("a number");
    let mended = shop.told(&with("retry", &["--by", "kim"])).await;
    assert!(mended["parked"]["tries"].as_u64() > Some(tries), "{mended}");

    // With data that makes sense it goes on, and what waited follows in order.
    let data = r#"{"order":"o1","item":"plums","pieces":2}"#;
    let mended = shop.told(&with("edit", &["--by", "kim", "--data", data])).await;
    assert_eq!(mended["parked"], Value::Null);
    assert_eq!(shop.reserved("plums").await, 4 + 2 + 3);
    assert!(parked(&shop).await.is_empty());
    shop.until(|| async { !shop.readiness().await.contains("degraded") }).await;
    let (is_done, _, said) = shop.run(&with("retry", &["--by", "kim"])).await;
    assert!(!is_done && said.contains("parked-not-found"), "{said}");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_skipped_over_the_admin_port_and_it_is_kept_who_did_it() {
    let shop = Shop::start().await;
    shop.post("/shelves/plums/100", "fill").await;
    shop.post(&format!("/orders/o1/{NOTHING}/2"), "o1 first").await;
    shop.post("/orders/o1/plums/3", "o1 second").await;
    shop.until(|| async {
        shop.admin("/parked").await.as_array().is_some_and(|all| !all.is_empty())
    })
    .await;
    let all = shop.admin("/parked").await;
    let unit = all[0]["unit"].as_str().expect("a unit").to_owned();
    let path = "/parked/shop.stock/reserve%20what%20was%20ordered";
    let by = |what: &str| serde_json::json!({ "unit": unit, "by": "lee", "do": what });
    let tried = shop.order(path, &by("retry")).await.expect("it is tried");
    assert!(tried["parked"].is_object(), "{tried}");
    let shown = shop.admin(&format!("{path}?unit={}", unit.replace(':', "%3A"))).await;
    let decided = &shown["decisions"][0];
    assert_eq!(decided["by"], "lee", "{shown}");
    let skipped = shop.order(path, &by("skip")).await.expect("it is skipped");
    assert_eq!(skipped["parked"], Value::Null);
    shop.until(|| async { shop.reserved("plums").await == 3 }).await;
    // Whoever orders nonsense is told so.
    let refused = shop.order(path, &by("skip")).await.expect_err("it is not parked");
    assert!(refused.contains("parked-not-found"), "{refused}");
    let refused = shop.order(path, &by("burn")).await.expect_err("no such thing is done");
    assert!(refused.starts_with("4"), "{refused}");
    let path = "/parked/shop.stock/nobody";
    let refused = shop.order(path, &by("skip")).await.expect_err("nobody is called so");
    assert!(refused.contains("parked-question"), "{refused}");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_are_seen_on_the_command_line_and_in_the_health() {
    let shop = Shop::start().await;
    // Nothing is on the shelf: the order is not confirmed, and lapses one day.
    shop.post("/orders/o1/plums/3", "o1").await;
    let list = ["timer", "list", "shop.order", "--output", "json"];
    shop.until(|| async { shop.told(&list).await.as_array().is_some_and(|all| all.len() == 1) })
        .await;
    let one = shop.told(&list).await[0].clone();
    assert_eq!((&one["stream"], &one["name"]), (&"order:o1".into(), &"lapse".into()));
    let show = ["timer", "show", "shop.order", "order:o1", "lapse", "--output", "json"];
    assert_eq!(shop.told(&show).await[0], one);
    let (is_done, _, said) = shop.run(&["timer", "show", "shop.order", "order:o1", "nap"]).await;
    assert!(!is_done && said.contains("there is no timer"), "{said}");
    let (is_done, _, said) = shop.run(&["timer", "list", "shop.nowhere"]).await;
    assert!(!is_done && said.contains("timer-question"), "{said}");
    assert!(shop.readiness().await.contains("shop.order/timers"));
    assert!(shop.numbers().await.contains("ondol_timers_fired_total{service=\"shop.order\"} 0"));
    // Once it is confirmed, nothing lapses.
    shop.post("/shelves/plums/100", "fill").await;
    shop.post("/orders/o2/plums/3", "o2").await;
    shop.until(|| async { shop.reserved("plums").await == 3 }).await;
    shop.until(|| async { shop.told(&list).await.as_array().is_some_and(|all| all.len() == 1) })
        .await;
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_told_event_by_event_to_curl_and_goes_on_after_the_last_event_id() {
    const ORDERS: u32 = 60;
    let shop = Shop::start().await;
    shop.post("/shelves/plums/10000", "fill").await;
    for number in 0..ORDERS / 2 {
        shop.post(&format!("/orders/o{number}/plums/1"), &format!("o{number}")).await;
    }
    let mut heard = shop.listen("shop.order", None).await;
    let first = heard.events(7).await;
    heard.hang_up().await;
    // What happens meanwhile, and while it listens again, comes all the same.
    let last = first.last().expect("seven").id.clone();
    let mut heard = shop.listen("shop.order", Some(&last)).await;
    for number in ORDERS / 2..ORDERS {
        shop.post(&format!("/orders/o{number}/plums/1"), &format!("o{number}")).await;
    }
    let rest = heard.events(usize::try_from(ORDERS).expect("few") - 7).await;
    heard.hang_up().await;
    let all: Vec<_> = first.iter().chain(&rest).collect();
    let orders: Vec<_> = all.iter().map(|one| one.data["data"]["order"].clone()).collect();
    let expected: Vec<_> = (0..ORDERS).map(|number| Value::from(format!("o{number}"))).collect();
    assert_eq!(orders, expected, "each once, in order");
    for (before, one) in all.iter().zip(&all[1..]) {
        assert_eq!(one.data["previous"].as_str(), Some(before.id.as_str()), "no hole is told of");
        assert_eq!(one.data["specversion"], "1.0");
        assert_eq!(one.kind, "shop.order.placed");
    }
    let (status, _) = shop.curl("shop.order", "a token that is none").await;
    assert_eq!(status, "401");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused_by_the_lock_of_the_folder() {
    let shop = Shop::start().await;
    let (is_done, _, said) = shop
        .run(&["up", "--set", "http.listen=127.0.0.1:0", "--set", "admin.listen=127.0.0.1:0"])
        .await;
    assert!(!is_done, "it does not run");
    assert!(said.contains("log-held"), "{said}");
    shop.stop().await;
}
