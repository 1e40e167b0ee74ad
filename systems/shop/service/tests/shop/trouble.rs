//! Everything that goes wrong outside, and what becomes of the orders.

use std::sync::Arc;

use http::Method;
use outside::{Change, Provider};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_payment_cancels_the_order_and_frees_the_stock() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    for means in ["card-declined", "card-empty"] {
        let order = house.buy("kim", &tea, 2, means).await;
        let ended = house.until_state("kim", &order, &["cancelled"]).await;
        assert_eq!(ended["because"], "PaymentDeclined");
        assert_eq!((house.payments(&order).await, house.available(&tea).await), (vec![], 3));
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_refuses_gives_the_money_free_and_the_stock_back() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    house.set(Provider::Carrier, &Change { refused_percent: Some(100), ..Change::default() });
    let order = house.buy("kim", &tea, 2, "card-good").await;
    let ended = house.until_state("kim", &order, &["cancelled"]).await;
    assert_eq!(ended["because"], "CannotBeShipped");
    house.until_payments(&order, &[("voided", 30_000)]).await;
    assert_eq!(house.available(&tea).await, 3);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_arrives_before_the_carrier_has_answered_was_taken() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    house.set(Provider::Carrier, &Change { lost_percent: Some(100), ..Change::default() });
    let order = house.buy("kim", &tea, 2, "card-good").await;
    house.until_state("kim", &order, &["delivered"]).await;
    house.until_payments(&order, &[("captured", 30_000)]).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_while_the_provider_is_down_and_completes_by_itself() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    house.set(Provider::Payment, &Change { is_out: Some(true), ..Change::default() });
    let order = house.buy("kim", &tea, 2, "card-good").await;
    let waiting = |count: usize| {
        let house = &house;
        move || async move {
            let waiting = house.get("ops", "/api/v1/payments/waiting").await;
            waiting.body["items"].as_array().map(Vec::len) == Some(count)
        }
    };
    house.until(waiting(1)).await;
    let kept = house.get("kim", &order).await;
    assert_eq!((&kept.body["state"], house.available(&tea).await), (&json!("reserved"), 1));
    until_put_off(&house, &order).await;
    let (asked, began) = (house.world.counts(Provider::Payment).came, house.running());
    let second = house.buy("lee", &tea, 1, "card-good").await;
    house.until(waiting(2)).await;
    let more = house.world.counts(Provider::Payment).came - asked;
    // A probe each time the breaker has been open for 200 ms, and those that were on their way.
    let probes = (house.running() - began).as_millis() / 200 + 4;
    assert!(u128::from(more) <= probes, "the breaker spares whoever is down: {more} > {probes}");

    house.world.mend(Provider::Payment);
    for (who, order, amount) in [("kim", &order, 30_000), ("lee", &second, 15_000)] {
        house.until_state(who, order, &["delivered"]).await;
        house.until_payments(order, &[("captured", amount)]).await;
        let flow = house.get(who, &format!("{order}/flow")).await;
        assert_eq!(flow.body["is_put_off"], false, "{}", flow.text);
    }
    house.until(waiting(0)).await;
    house.close().await;
}

/// Waits until kim's order waits for its payment, which was asked for.
async fn until_put_off(house: &House, order: &str) {
    house
        .until(|| async {
            let flow = house.get("kim", &format!("{order}/flow")).await;
            flow.body["is_put_off"] == true && flow.body["step"] == "authorized"
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_off_while_it_waits_is_never_paid() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    house.set(Provider::Payment, &Change { is_out: Some(true), ..Change::default() });
    let order = house.buy("kim", &tea, 2, "card-good").await;
    // Before the payment was asked for there would be nothing to make void.
    until_put_off(&house, &order).await;
    let path = format!("{order}/cancellation");
    let stranger = house.send("lee", Method::POST, &path, Value::Null).await;
    assert_eq!(stranger.status, 404);
    let called_off = house.send("kim", Method::POST, &path, Value::Null).await;
    assert_eq!(called_off.status, 200, "{}", called_off.text);
    let ended = house.until_state("kim", &order, &["cancelled"]).await;
    assert_eq!((&ended["because"], house.available(&tea).await), (&json!("BuyerAsked"), 3));
    house.world.mend(Provider::Payment);
    // Whether an earlier request had reached the provider nobody knows: it is settled, then void.
    house.until_payments(&order, &[("voided", 30_000)]).await;

    let shipped = house.buy("kim", &tea, 1, "card-good").await;
    house.until_state("kim", &shipped, &["delivered"]).await;
    let late =
        house.send("kim", Method::POST, &format!("{shipped}/cancellation"), Value::Null).await;
    assert_eq!(
        (late.status, &late.body["refusal"]["code"]),
        (422, &json!("order.too_late_to_cancel"))
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_everything_failing_now_and_then_every_order_ends_and_the_books_agree() {
    const BUYERS: usize = 50;
    const PIECES: u32 = 35;
    let house = Arc::new(House::open().await);
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, PIECES).await;
    let faults = Change {
        latency_ms: Some(2),
        jitter_ms: Some(20),
        errors_percent: Some(15),
        lost_percent: Some(15),
        refused_percent: Some(5),
        silent_percent: Some(2),
        ..Change::default()
    };
    house.set(Provider::Payment, &faults);
    house.set(Provider::Carrier, &faults);
    let mut buying = JoinSet::new();
    for number in 0..BUYERS {
        let (house, tea) = (Arc::clone(&house), tea.clone());
        buying.spawn(async move {
            let who = format!("buyer-{number}");
            let order = house.buy(&who, &tea, 1, "card-good").await;
            (who, order)
        });
    }
    let (mut ended, mut buyers) = (Vec::with_capacity(BUYERS), Vec::with_capacity(BUYERS));
    for (who, order) in buying.join_all().await {
        let states = ["shipped", "delivered", "cancelled"];
        let state = house.until_state(&who, &order, &states).await;
        ended.push((order, state["state"] != "cancelled"));
        buyers.push(who);
    }
    house.world.mend(Provider::Payment);
    house.world.mend(Provider::Carrier);
    let shipped = ended.iter().filter(|(_, is_shipped)| *is_shipped).count();
    assert!(shipped > 0, "some were shipped");
    for (order, is_shipped) in &ended {
        house
            .until(|| async {
                let payments = house.payments(order).await;
                let captured = payments.iter().filter(|(status, _)| status == "captured").count();
                let open = payments.iter().filter(|(status, _)| status == "authorized").count();
                assert!(payments.len() <= 1, "one promise an order: {payments:?}");
                assert!(captured <= usize::from(*is_shipped), "nobody pays for nothing: {order}");
                open == 0 && captured == usize::from(*is_shipped)
            })
            .await;
    }
    let left = u32::try_from(house.available(&tea).await).expect("a number");
    assert_eq!(left, PIECES - u32::try_from(shipped).expect("a number"));
    for (who, (order, is_shipped)) in buyers.iter().zip(&ended) {
        let end = if *is_shipped { "completed" } else { "compensated" };
        let flow = format!("{order}/flow");
        house.until(|| async { house.get(who, &flow).await.body["state"] == end }).await;
    }
    // Each promise of money was made once, and kept or ended once, however often it was asked for.
    let mut promises = 0;
    for (order, _) in &ended {
        let payments = house.payments(order).await;
        promises += u64::try_from(payments.len()).expect("a number");
    }
    assert_eq!(house.world.counts(Provider::Payment).effects, 2 * promises);
    Arc::into_inner(house).expect("nobody else holds it").close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recommendations_fall_back_to_what_is_popular() {
    let house = House::open().await;
    for number in 0..12 {
        house.offer(&format!("차 {number}"), &format!("Tea {number}"), "tea", 1_000 + number).await;
    }
    let own = house.get("kim", "/api/v1/recommendations").await;
    assert_eq!((own.status, &own.body["is_fallback"]), (200, &json!(false)), "{}", own.text);
    assert_eq!(own.body["items"].as_array().map(Vec::len), Some(8));
    house.set(Provider::Recommendation, &Change { is_out: Some(true), ..Change::default() });
    let fallback = house.get("kim", "/api/v1/recommendations").await;
    assert_eq!((fallback.status, &fallback.body["is_fallback"]), (200, &json!(true)));
    assert_eq!(fallback.body["items"].as_array().map(Vec::len), Some(8));
    house.close().await;
}
