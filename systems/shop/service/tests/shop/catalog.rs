//! The catalog: languages, currencies, words, pictures.

use http::Method;
use serde_json::{Value, json};

use super::house::House;

fn names(answer: &Value) -> Vec<String> {
    let items = answer["items"].as_array().expect("a list").iter();
    items.map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn korean_text_is_found_by_what_has_been_typed_of_it() {
    let house = House::open().await;
    house.offer("제주 녹차", "Jeju green tea", "tea", 15_000).await;
    house.offer("보이차", "Pu-erh tea", "tea", 22_000).await;
    house.offer("무쇠 주전자", "Cast iron kettle", "kitchen", 89_000).await;
    let find = |words: &'static str| {
        let house = &house;
        async move {
            let text: String = words.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let found = house.get("", &format!("/api/v1/products?q={text}")).await;
            assert_eq!(found.status, 200, "{}", found.text);
            names(&found.body)
        }
    };
    house.until(|| async { find("").await.len() == 3 }).await;
    for words in
        ["녹차", "녹", "노", "ㄴㅊ", "제주 차", "GREEN", "jeju tea", "\u{1102}\u{1169}\u{11a8}"]
    {
        assert_eq!(find(words).await, ["제주 녹차"], "{words}");
    }
    assert_eq!(find("차").await, ["제주 녹차", "보이차"]);
    assert_eq!(find("ㅈㅈㅈ").await, ["무쇠 주전자"]);
    assert_eq!(find("커피").await, [""; 0]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_shown_in_the_language_and_currency_that_are_asked_for() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    let path = format!("/api/v1/products/{tea}");
    let price = json!({ "price": { "amount": "11.99", "currency": "USD" } });
    let set = house.send("ops", Method::PUT, &format!("{path}/price"), price).await;
    let token = set.headers["ondol-position"].to_str().expect("a token").to_owned();
    let after = [("ondol-after", token.as_str())];
    for (query, name, amount, currency, is_converted) in [
        ("", "녹차", "15000", "KRW", false),
        ("?lang=en&currency=USD", "Green tea", "11.99", "USD", false),
        ("?lang=en&currency=EUR", "Green tea", "9.31", "EUR", true),
        ("?lang=ko&currency=JPY", "녹차", "1643", "JPY", true),
    ] {
        let shown = house.ask("", Method::GET, &format!("{path}{query}"), &after, None).await;
        assert_eq!(shown.body["name"], name, "{}", shown.text);
        assert_eq!(shown.body["price"], json!({ "amount": amount, "currency": currency }));
        assert_eq!(shown.body["is_converted"], is_converted);
    }
    let francs = house.get("", &format!("{path}?currency=CHF")).await;
    assert_eq!((francs.status, francs.code()), (422, "shop-currency"));
    assert_eq!(house.get("", &format!("{path}?currency=won")).await.status, 400);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn products_come_in_pages_in_batches_and_by_category() {
    let house = House::open().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let category = if number % 2 == 0 { "tea" } else { "book" };
        ids.push(house.offer(&format!("물건 {number}"), "Thing", category, 1_000).await);
    }
    house.until(|| async { names(&house.get("", "/api/v1/products").await.body).len() == 5 }).await;
    let first = house.get("", "/api/v1/products?limit=2").await;
    assert_eq!(names(&first.body), ["물건 0", "물건 1"]);
    let next = first.body["next"].as_str().expect("there is more");
    let rest = house.get("", &format!("/api/v1/products?limit=200&after={next}")).await;
    assert_eq!((names(&rest.body).len(), &rest.body["next"]), (3, &Value::Null));
    let batch = house.get("", &format!("/api/v1/products?ids={},{}", ids[4], ids[1])).await;
    assert_eq!(names(&batch.body), ["물건 4", "물건 1"]);
    let books = house.get("", "/api/v1/products?category=book").await;
    assert_eq!(names(&books.body), ["물건 1", "물건 3"]);
    let categories = house.get("", "/api/v1/categories").await;
    assert_eq!(
        categories.body,
        json!([
            { "category": "book", "products": 2 }, { "category": "tea", "products": 3 }
        ])
    );
    assert_eq!(house.get("", "/api/v1/products?limit=201").await.status, 400);
    assert_eq!(house.get("", "/api/v1/products?after=nothing").await.status, 400);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_is_neither_shown_nor_sold() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 3).await;
    house.put("kim", &tea, 1).await;
    let path = format!("/api/v1/products/{tea}");
    let withdrawn =
        house.send("ops", Method::POST, &format!("{path}/withdrawal"), Value::Null).await;
    assert_eq!(withdrawn.status, 200, "{}", withdrawn.text);
    house.until(|| async { house.get("", &path).await.status == 404 }).await;
    house.until(|| async { house.get("kim", "/api/v1/cart").await.body["total"].is_null() }).await;
    let refused = house.check_out("kim", "card-good").await;
    assert_eq!((refused.status, refused.code()), (422, "shop-not-sold"), "{}", refused.text);
    let put = house
        .send("lee", Method::PUT, &format!("/api/v1/cart/{tea}"), json!({ "pieces": 1 }))
        .await;
    assert_eq!(put.status, 404);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_drawn_the_same_each_time_and_runs_nothing() {
    let house = House::open().await;
    let mut pictures = Vec::new();
    for category in ["tea", "kitchen", "book", "light", "anything <script>"] {
        let product = house.offer("물건", "Thing", category, 1_000).await;
        let path = format!("/api/v1/products/{product}/picture.svg");
        house.until(|| async { house.get("", &path).await.status == 200 }).await;
        let picture = house.get("", &path).await;
        assert_eq!(picture.headers["content-type"], "image/svg+xml");
        assert!(picture.text.starts_with("<svg ") && picture.text.ends_with("</svg>"));
        assert!(!picture.text.contains("script"));
        assert_eq!(house.get("", &path).await.text, picture.text);
        pictures.push(picture.text);
    }
    pictures.sort();
    pictures.dedup();
    assert_eq!(pictures.len(), 5);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_is_described_in_one_document() {
    let house = House::open().await;
    let description = house.get("", "/openapi.json").await.body;
    assert_eq!(description["openapi"], "3.1.0");
    for path in [
        "/api/v1/products",
        "/api/v1/stock",
        "/api/v1/orders/{order}/history",
        "/api/v1/payments/waiting",
    ] {
        assert!(description["paths"].get(path).is_some(), "{path}");
    }
    house.close().await;
}
