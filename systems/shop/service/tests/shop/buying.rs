//! Buying, when nothing goes wrong, and when everybody wants the same thing.

use std::sync::Arc;

use http::Method;
use outside::Provider;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::house::{House, check_out};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_comes_from_the_cart_to_the_door() {
    let house = House::open().await;
    let tea = house.offer("제주 녹차", "Jeju green tea", "tea", 15_000).await;
    let cup = house.offer("찻잔", "Tea cup", "kitchen", 9_900).await;
    house.deliver(&tea, 10).await;
    house.deliver(&cup, 10).await;
    house.put("kim", &tea, 2).await;
    house.put("kim", &cup, 1).await;
    let cart = house.get("kim", "/api/v1/cart?lang=en").await;
    assert_eq!(cart.body["total"], json!({ "amount": "39900", "currency": "KRW" }));
    let bought = house.check_out("kim", "card-good").await;
    assert_eq!(bought.status, 201, "{}", bought.text);
    let path = bought.location().to_owned();
    let order = house.until_state("kim", &path, &["delivered"]).await;
    assert_eq!(order["total"], json!({ "amount": "39900", "currency": "KRW" }));

    house.until_payments(&path, &[("captured", 39_900)]).await;
    assert_eq!((house.available(&tea).await, house.available(&cup).await), (8, 9));
    let cart = house.get("kim", "/api/v1/cart").await;
    assert_eq!(cart.body["lines"], json!([]));
    house
        .until(|| async {
            let mine = house.get("kim", "/api/v1/orders").await;
            mine.body["items"][0]["products"] == 2 && mine.body["items"][0]["state"] == "delivered"
        })
        .await;

    // Time travel: each version is a moment of its life.
    let history = house.get("kim", &format!("{path}/history")).await;
    let types: Vec<&Value> =
        history.body.as_array().expect("a list").iter().map(|event| &event["type"]).collect();
    let expected = ["placed", "begun", "stock_reserved", "paid", "shipped", "delivered"];
    assert_eq!(
        types,
        expected.map(|name| json!(format!("order.{name}"))).iter().collect::<Vec<_>>()
    );
    for (version, state) in
        (1..).zip(["placed", "placed", "reserved", "paid", "shipped", "delivered"])
    {
        let then = house.get("kim", &format!("{path}?as_of={version}")).await;
        assert_eq!(then.body["state"], state, "{}", then.text);
    }

    house
        .until(|| async {
            house.get("kim", &format!("{path}/flow")).await.body["state"] == "completed"
        })
        .await;
    let flow = house.get("kim", &format!("{path}/flow")).await;
    let lines = flow.body["lines"].as_array().expect("a list");
    assert_eq!((&flow.body["state"], &flow.body["step"]), (&json!("completed"), &Value::Null));
    assert_eq!(lines.last().expect("lines")["kind"], "completed", "{}", flow.text);
    assert!(lines.iter().any(|line| line["step"] == "capture" && line["kind"] == "answered"));
    assert!(!flow.text.contains("card-good"), "what is paid with is not shown");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sold_is_seen_by_day_and_category_and_is_popular() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    let pot = house.offer("주전자", "Kettle", "kitchen", 30_000).await;
    house.deliver(&tea, 10).await;
    house.deliver(&pot, 10).await;
    for (who, product, pieces) in [("kim", &pot, 1), ("lee", &tea, 3), ("park", &tea, 1)] {
        let order = house.buy(who, product, pieces, "card-good").await;
        house.until_state(who, &order, &["shipped", "delivered"]).await;
    }
    let time = house.get("kim", "/api/v1/orders").await.body["items"][0]["placed"].clone();
    let month = time.as_str().expect("a time")[..7].to_owned();
    let path = format!("/api/v1/sales?month={month}");
    house
        .until(|| async {
            let sales = house.get("ops", &path).await;
            let rows = sales.body.as_array().cloned().unwrap_or_default();
            let of = |category: &str| {
                let rows = rows.iter().filter(|row| row["category"] == category);
                rows.map(|row| row["pieces"].as_u64().expect("a number")).sum::<u64>()
            };
            of("tea") == 4 && of("kitchen") == 1
        })
        .await;
    house
        .until(|| async {
            let popular = house.get("", "/api/v1/recommendations").await;
            popular.body["items"][0]["id"] == json!(tea) && popular.body["is_fallback"] == true
        })
        .await;
    assert_eq!(house.get("ops", "/api/v1/sales?month=november").await.status, 400);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_buyers_of_the_last_one_exactly_one_gets_it() {
    const BUYERS: usize = 200;
    let house = Arc::new(House::open().await);
    let tea = house.offer("마지막 녹차", "The last tea", "tea", 15_000).await;
    house.deliver(&tea, 1).await;
    let mut buying = JoinSet::new();
    for number in 0..BUYERS {
        let (house, tea) = (Arc::clone(&house), tea.clone());
        buying.spawn(async move {
            let who = format!("buyer-{number}");
            let order = house.buy(&who, &tea, 1, "card-good").await;
            (who, order)
        });
    }
    let mut ended = Vec::with_capacity(BUYERS);
    for (who, order) in buying.join_all().await {
        let states = ["shipped", "delivered", "cancelled"];
        let state = house.until_state(&who, &order, &states).await;
        ended.push((order, state));
    }
    let (got, not): (Vec<_>, Vec<_>) =
        ended.into_iter().partition(|(_, order)| order["state"] != "cancelled");
    assert_eq!((got.len(), not.len()), (1, BUYERS - 1));
    for (_, order) in &not {
        assert_eq!(order["because"], "OutOfStock", "{order}");
    }
    house.until_payments(&got[0].0, &[("captured", 15_000)]).await;
    for (order, _) in &not {
        assert_eq!(house.payments(order).await, [], "nobody else was asked for money");
    }
    assert_eq!(house.available(&tea).await, 0);
    assert_eq!(house.world.counts(Provider::Payment).effects, 2, "one promise, taken once");
    Arc::into_inner(house).expect("nobody else holds it").close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_presses_of_one_button_one_buys_and_a_repeated_one_is_the_same() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 10).await;
    house.put("kim", &tea, 1).await;
    let press = |key: &'static str| {
        let headers = [("idempotency-key", key)];
        let house = &house;
        async move {
            house
                .ask("kim", Method::POST, "/api/v1/orders", &headers, Some(check_out("card-good")))
                .await
        }
    };
    let (one, two) = tokio::join!(press("first"), press("second"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert!([[201, 412], [201, 422]].contains(&statuses), "{one:?} {two:?}");
    let (won, key) = if one.status == 201 { (one, "first") } else { (two, "second") };
    let again = press(key).await;
    assert_eq!((again.status, again.location()), (201, won.location()));
    house.until_state("kim", won.location(), &["delivered"]).await;
    let mine = house.get("kim", "/api/v1/orders").await;
    assert_eq!(mine.body["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(house.available(&tea).await, 9);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_pays_in_its_own_currency_at_the_shops_rate() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 10).await;
    for (who, region, minor, currency) in
        [("smith", "US", 10_77, "USD"), ("schmidt", "EU", 9_31, "EUR")]
    {
        house.put(who, &tea, 1).await;
        let body = json!({ "region": region, "pay_with": "card-good", "send_to": "BUSAN-02" });
        let bought = house.send(who, Method::POST, "/api/v1/orders", body).await;
        let order = house.until_state(who, bought.location(), &["shipped", "delivered"]).await;
        assert_eq!(order["total"]["currency"], currency);
        house.until_payments(bought.location(), &[("captured", minor)]).await;
    }
    house.close().await;
}
