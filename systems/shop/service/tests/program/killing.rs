//! The shop is killed again and again in the middle of checkouts. Whoever looks from outside finds
//! that every order has ended, that each is paid once or not at all, and that no piece is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::program::Program;

const BUYERS: u32 = 4;
const ORDERS: u32 = 10;
/// One piece less than is wanted: one buyer at least goes without.
const PIECES: u32 = BUYERS * ORDERS - 1;
/// Long enough for anything that comes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);
/// After how many orders it is killed.
const KILLED_EVERY: u32 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_ends_well_or_not_at_all_however_often_the_shop_is_killed() {
    let shop = Arc::new(Program::start().await);
    let tea = offered(&shop).await;
    let bought = Arc::new(AtomicU32::new(0));
    let mut buying = JoinSet::new();
    for buyer in 0..BUYERS {
        buying.spawn(buy(Arc::clone(&shop), tea.clone(), buyer, Arc::clone(&bought)));
    }
    let mut kills = 0;
    while bought.load(Ordering::SeqCst) < BUYERS * ORDERS {
        if bought.load(Ordering::SeqCst) >= (kills + 1) * KILLED_EVERY {
            shop.kill().await;
            shop.begin().await;
            kills += 1;
        }
        tokio::task::yield_now().await;
    }
    // What was acknowledged last is under way.
    shop.kill().await;
    shop.begin().await;
    assert!(kills >= 3, "it was killed while people bought, {kills} times");
    let orders: Vec<_> = buying.join_all().await.into_iter().flatten().collect();
    let mut shipped = 0;
    for (who, order) in &orders {
        let is_shipped = ended(&shop, who, order).await;
        shipped += u32::from(is_shipped);
        // What was put aside for an order that did not come about is given back.
        let expected = if is_shipped { vec![("captured".to_owned(), 15_000)] } else { Vec::new() };
        until("it is paid once or not at all", async || {
            let mut payments = shop.payments(order).await;
            payments.retain(|(status, _)| status != "voided");
            payments == expected
        })
        .await;
    }
    assert!((1..=PIECES).contains(&shipped), "{shipped} were shipped of {PIECES}");
    until("every piece that was not shipped is there", async || {
        let levels = shop.get("", &format!("/api/v1/stock?ids={tea}")).await;
        levels.body[0]["available"] == PIECES - shipped
    })
    .await;
    Arc::into_inner(shop).expect("nobody else holds it").end().await;
}

async fn offered(shop: &Program) -> String {
    let listing = json!({
        "names": { "ko": "녹차", "en": "Green tea" },
        "category": "tea",
        "price": { "amount": "15000", "currency": "KRW" },
    });
    let listed = shop.insist("ops", (Method::POST, "/api/v1/products"), &listing, 201).await;
    let tea = listed.location().rsplit('/').next().expect("an id").to_owned();
    let path = format!("/api/v1/stock/{tea}/deliveries");
    shop.insist("ops", (Method::POST, &path), &json!({ "note": "n", "pieces": PIECES }), 200).await;
    tea
}

/// Buys one piece after the other; who, and where each order is.
async fn buy(
    shop: Arc<Program>,
    tea: String,
    buyer: u32,
    bought: Arc<AtomicU32>,
) -> Vec<(String, String)> {
    let who = format!("buyer-{buyer}");
    let terms = json!({ "region": "ASIA", "pay_with": "card-good", "send_to": "SEOUL-04" });
    let mut orders = Vec::new();
    for _ in 0..ORDERS {
        let path = format!("/api/v1/cart/{tea}");
        shop.insist(&who, (Method::PUT, &path), &json!({ "pieces": 1 }), 200).await;
        let order = shop.insist(&who, (Method::POST, "/api/v1/orders"), &terms, 201).await;
        orders.push((who.clone(), order.location().to_owned()));
        bought.fetch_add(1, Ordering::SeqCst);
    }
    orders
}

/// Waits until an order has ended, and says whether it was shipped.
async fn ended(shop: &Program, who: &str, order: &str) -> bool {
    let mut found = Value::Null;
    until("it has ended", async || {
        found = shop.get(who, order).await.body["state"].clone();
        found == "shipped" || found == "cancelled"
    })
    .await;
    found == "shipped"
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_over| unreachable!("{what}"));
}
