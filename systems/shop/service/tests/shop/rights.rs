//! Who may do what, and what nobody can say: prices, others' orders, the carrier's letters.

use http::Method;
use outside::{Change, Provider, signature};
use serde_json::{Value, json};

use super::house::{House, SECRET, check_out};

#[tokio::test(flavor = "multi_thread")]
async fn a_price_or_a_fee_never_comes_from_the_client() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    let path = format!("/api/v1/cart/{tea}");
    for more in ["price", "total", "fee", "buyer"] {
        let mut put = json!({ "pieces": 1 });
        put[more] = json!({ "amount": "1", "currency": "KRW" });
        let refused = house.send("kim", Method::PUT, &path, put).await;
        assert_eq!((refused.status, refused.code()), (400, "json-unknown-field"), "{more}");
        let mut buy = check_out("card-good");
        buy[more] = json!({ "amount": "1", "currency": "KRW" });
        let refused = house.send("kim", Method::POST, "/api/v1/orders", buy).await;
        assert_eq!((refused.status, refused.code()), (400, "json-unknown-field"), "{more}");
    }
    for pieces in [json!(0), json!(-1), json!(1.5), json!(1_000_001), json!("1")] {
        let refused = house.send("kim", Method::PUT, &path, json!({ "pieces": pieces })).await;
        assert_eq!(refused.status, 422, "{pieces}");
    }
    house.put("kim", &tea, 1).await;
    let price = json!({ "price": { "amount": "16000", "currency": "KRW" } });
    let set = house.send("ops", Method::PUT, &format!("/api/v1/products/{tea}/price"), price).await;
    assert_eq!(set.status, 200, "{}", set.text);
    house
        .until(|| async {
            let cart = house.get("kim", "/api/v1/cart").await;
            cart.body["total"]["amount"] == "16000"
        })
        .await;
    let bought = house.check_out("kim", "card-good").await;
    house.until_payments(bought.location(), &[("captured", 16_000)]).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_touches_what_is_somebody_elses() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    let order = house.buy("kim", &tea, 1, "card-good").await;
    house.until_state("kim", &order, &["delivered"]).await;
    for path in ["", "/history", "/flow", "?as_of=1"] {
        let path = format!("{order}{path}");
        assert_eq!(house.get("lee", &path).await.status, 404, "{path}");
        assert_eq!(house.get("", &path).await.status, 401, "{path}");
    }
    let mine = house.get("lee", "/api/v1/orders").await;
    assert_eq!(mine.body["items"], json!([]));
    for (method, path) in [
        (Method::POST, "/api/v1/products".to_owned()),
        (Method::PUT, format!("/api/v1/products/{tea}/price")),
        (Method::PUT, format!("/api/v1/products/{tea}/name")),
        (Method::POST, format!("/api/v1/products/{tea}/withdrawal")),
        (Method::POST, format!("/api/v1/products/{tea}/return")),
        (Method::POST, format!("/api/v1/stock/{tea}/deliveries")),
    ] {
        let body = json!({ "price": { "amount": "1", "currency": "KRW" } });
        let buyer = house.send("lee", method.clone(), &path, body.clone()).await;
        assert_eq!((buyer.status, buyer.code()), (403, "auth-role-missing"), "{path}");
        assert_eq!(house.send("", method, &path, body).await.status, 401, "{path}");
    }
    for path in ["/api/v1/payments/waiting", "/api/v1/sales?month=2026-11"] {
        assert_eq!(house.get("lee", path).await.status, 403, "{path}");
        assert_eq!(house.get("", path).await.status, 401, "{path}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_buyers_with_one_key_are_two_buyers() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    let mut orders = Vec::new();
    for who in ["kim", "lee"] {
        house.put(who, &tea, 1).await;
        let headers = [("idempotency-key", "the same")];
        let body = Some(check_out("card-good"));
        let bought = house.ask(who, Method::POST, "/api/v1/orders", &headers, body).await;
        assert_eq!(bought.status, 201, "{}", bought.text);
        orders.push(bought.location().to_owned());
    }
    assert_ne!(orders[0], orders[1]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_not_the_carriers_is_not_believed() {
    let house = House::open().await;
    house.set(Provider::Carrier, &Change { transit_ms: Some(3_600_000), ..Change::default() });
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    let order = house.buy("kim", &tea, 1, "card-good").await;
    house.until_state("kim", &order, &["shipped"]).await;
    let id = order.rsplit('/').next().expect("an id");
    let letter = json!({ "id": "l-1", "type": "shipment.delivered", "data": { "id": "shp_1", "reference": id } });
    let text = letter.to_string();
    let now = house.now_seconds();
    let send = |signed: String, body: Value| {
        let house = &house;
        async move {
            let headers = [("outside-signature", signed.as_str())];
            house.ask("", Method::POST, "/hooks/carrier", &headers, Some(body)).await
        }
    };
    for forged in [
        String::new(),
        signature("a secret that somebody guessed", now, text.as_bytes()),
        signature(SECRET, now - 400, text.as_bytes()),
        signature(SECRET, now + 400, text.as_bytes()),
        signature(SECRET, now, b"{}"),
    ] {
        let refused = send(forged, letter.clone()).await;
        assert_eq!((refused.status, refused.code()), (401, "shop-letter"));
    }
    assert_eq!(house.get("kim", &order).await.body["state"], "shipped");
    for _ in 0..2 {
        let taken = send(signature(SECRET, now, text.as_bytes()), letter.clone()).await;
        assert_eq!(taken.status, 204, "{}", taken.text);
    }
    house.until_state("kim", &order, &["delivered"]).await;
    let history = house.get("kim", &format!("{order}/history")).await;
    let delivered = history.body.as_array().expect("a list").iter();
    assert_eq!(delivered.filter(|event| event["type"] == "order.delivered").count(), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_could_write_about_themselves_is_taken_nowhere() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 10).await;
    house.put("kim", &tea, 1).await;
    let name = "kim.lives.at-4";
    for (pay_with, send_to, field) in
        [("card-good", name, "send_to"), (name, "SEOUL-04", "pay_with")]
    {
        let body = json!({ "region": "ASIA", "pay_with": pay_with, "send_to": send_to });
        let refused = house.send("kim", Method::POST, "/api/v1/orders", body).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(
            (&refused.body["code"], &refused.body["field"]),
            (&json!("shop-not-offered"), &json!(field))
        );
    }
    let body = json!({ "product": tea, "pieces": 1, "region": "ASIA", "pay_with": name });
    let refused = house.send("kim", Method::POST, "/api/v1/preorders", body).await;
    assert_eq!((refused.status, &refused.body["code"]), (422, &json!("shop-not-offered")));
    house.close().await;
}
