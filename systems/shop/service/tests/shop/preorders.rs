//! Pre-orders: three services that react to each other, and nobody who conducts.

use http::Method;
use outside::{Change, Provider};
use serde_json::{Value, json};

use super::house::House;

impl House {
    async fn preorder(&self, who: &str, product: &str, pieces: u32, means: &str) -> String {
        let body =
            json!({ "product": product, "pieces": pieces, "region": "ASIA", "pay_with": means });
        let placed = self.send(who, Method::POST, "/api/v1/preorders", body).await;
        assert_eq!(placed.status, 201, "{}", placed.text);
        placed.location().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pre_order_is_kept_and_paid_by_those_who_hear_of_it() {
    let house = House::open().await;
    let tea = house.offer("햇차", "First tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    let order = house.preorder("kim", &tea, 2, "card-good").await;
    let stands = house.until_state("kim", &order, &["confirmed", "failed"]).await;
    assert_eq!(stands["state"], "confirmed");
    house.until_payments(&order, &[("captured", 30_000)]).await;
    assert_eq!(house.available(&tea).await, 1);
    let history = house.get("kim", &format!("{order}/history")).await;
    assert_eq!(history.body.as_array().map(Vec::len), Some(3), "{}", history.text);
    let late = house.send("kim", Method::POST, &format!("{order}/cancellation"), Value::Null).await;
    assert_eq!((late.status, &late.body["refusal"]["code"]), (422, &json!("preorder.too_late")));
    for path in ["", "/history"] {
        assert_eq!(house.get("lee", &format!("{order}{path}")).await.status, 404);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_who_has_done_something_for_one_that_fails_undoes_it() {
    let house = House::open().await;
    let tea = house.offer("햇차", "First tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    for (pieces, means, because) in
        [(4, "card-good", "OutOfStock"), (2, "card-declined", "PaymentDeclined")]
    {
        let order = house.preorder("kim", &tea, pieces, means).await;
        let failed = house.until_state("kim", &order, &["confirmed", "failed"]).await;
        assert_eq!((&failed["state"], &failed["because"]), (&json!("failed"), &json!(because)));
        house.until(|| async { house.available(&tea).await == 3 }).await;
        assert_eq!(house.payments(&order).await, []);
    }
    let free = json!({ "product": tea, "pieces": 1, "region": "ASIA", "pay_with": "card-good",
                       "total": { "amount": "1", "currency": "KRW" } });
    let refused = house.send("kim", Method::POST, "/api/v1/preorders", free).await;
    assert_eq!((refused.status, refused.code()), (400, "json-unknown-field"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pre_order_waits_for_the_provider_and_can_be_called_off_meanwhile() {
    let house = House::open().await;
    let tea = house.offer("햇차", "First tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    house.set(Provider::Payment, &Change { is_out: Some(true), ..Change::default() });
    let kept = house.preorder("kim", &tea, 1, "card-good").await;
    let given_up = house.preorder("lee", &tea, 2, "card-good").await;
    for (who, order) in [("kim", &kept), ("lee", &given_up)] {
        house.until_state(who, order, &["reserved"]).await;
    }
    let path = format!("{given_up}/cancellation");
    assert_eq!(house.send("lee", Method::POST, &path, Value::Null).await.status, 200);
    house.until_state("lee", &given_up, &["failed"]).await;
    house.until(|| async { house.available(&tea).await == 2 }).await;
    house.world.mend(Provider::Payment);
    house.until_state("kim", &kept, &["confirmed"]).await;
    house.until_payments(&kept, &[("captured", 15_000)]).await;
    house.until_payments(&given_up, &[("voided", 30_000)]).await;
    house.close().await;
}
