//! One order as one trace, as a collector is told of it: from the gateway in front, through the services and
//! the saga, to the last thing that follows from it.

use ondol_testkit::collector::Collector;
use serde_json::json;

use super::stranger::{CLIENTS, Stranger};
use super::town::{Patience, Town};

const TRACE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
const CLIENT: u64 = 0xb7ad_6b71_6920_3331;

/// What the client waits for, and the gateway.
const REQUEST: &str = "client > gateway POST orders > POST /api/v1/orders > ";
/// What it comes to, each by the way of all that is before it.
const COMES_TO: [&str; 4] = [
    "command order",
    " ~ shop.purchase ask reserve 1 > command stock ~ process shop.stock",
    " ~ shop.purchase ask capture > command charge",
    " ~ shop.purchase ask ship > command shipment ~ process shop.shipping",
];

#[test]
fn an_order_is_one_trace_from_the_gateway_to_all_that_follows() {
    let collector = Collector::start();
    // Nothing is chosen here: it is chosen by whoever asks.
    let town = Town::begin_with(&format!(
        "[otlp]\nurl = {:?}\nevery_ms = 20\n[traces]\nshare_per_million = 0\n{CLIENTS}",
        collector.url()
    ));
    let buyer = Stranger::named(&town, "buyer");
    let tea = buyer.finds("Chamomile");
    let put = buyer.does("PUT", &format!("/api/v1/cart/{tea}"), "put", &json!({ "pieces": 1 }));
    assert_eq!(put.status, 200, "{put:?}");
    let parent = format!("00-{TRACE:032x}-{CLIENT:016x}-01");
    let terms = json!({ "region": "ASIA", "pay_with": "card-good", "send_to": "SEOUL-04" });
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "one"),
        ("traceparent", parent.as_str()),
    ];
    let bought = buyer.asks("POST", "/api/v1/orders", &headers, &terms.to_string());
    assert_eq!(bought.status, 201, "{bought:?}");
    let patience = Patience::new();
    loop {
        let ways = collector.ways(TRACE, CLIENT);
        let of_it =
            |end: &&str| !ways.iter().any(|way| way.starts_with(REQUEST) && way.ends_with(end));
        let untold: Vec<_> = COMES_TO.into_iter().filter(of_it).collect();
        if untold.is_empty() {
            break;
        }
        assert!(!patience.is_over(), "never told: {untold:#?}\nof all: {ways:#?}");
    }
}
