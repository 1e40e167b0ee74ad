//! What can be seen of a shop that runs: traces on its admin port, and its numbers as Prometheus
//! itself reads them.

use std::process::Stdio;

use http::Method;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use crate::client::{self, free_address, send};
use crate::shop::Shop;

const ALL: &str = "[traces]\nshare_per_million = 1_000_000\n";

/// How everything in a tree came to be: `>` is whoever waited for it, `~` what it follows.
fn ways(nodes: &Value, before: &str, into: &mut Vec<String>) {
    for node in nodes.as_array().into_iter().flatten() {
        let hop = match node["hop"].as_str() {
            Some("parent") => " > ",
            Some("link") => " ~ ",
            _ => "",
        };
        let way = format!("{before}{hop}{}", node["name"].as_str().unwrap_or_default());
        ways(&node["children"], &way, into);
        into.push(way);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_trace_on_the_admin_port_from_the_request_to_what_follows() {
    let shop = Shop::start_with(ALL).await;
    shop.post("/shelves/plums/100", "fill").await;
    shop.post("/orders/o1/plums/3", "o1").await;
    shop.until(|| async { shop.reserved("plums").await == 3 }).await;
    let wanted = [
        "POST /orders/{id}/{item}/{pieces} > command order",
        "POST /orders/{id}/{item}/{pieces} > command order ~ process shop.order \
         > policy reserve what was ordered > command shelf",
    ];
    let found = tokio::sync::Mutex::new(Vec::new());
    shop.until(|| async {
        let list = shop.admin("/traces?name=POST%20/orders").await;
        let Some(trace) = list[0]["trace_id"].as_str() else { return false };
        let tree = shop.admin(&format!("/traces/{trace}")).await;
        let mut all = Vec::new();
        ways(&tree["roots"], "", &mut all);
        let is_whole = wanted.iter().all(|way| all.iter().any(|found| found == way));
        *found.lock().await = all;
        is_whole
    })
    .await;
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_no_failure_and_of_what_nobody_chose_nothing_is_kept() {
    let shop = Shop::start_with("[traces]\nshare_per_million = 0\nslow_ms = 600_000\n").await;
    shop.post("/shelves/plums/100", "fill").await;
    shop.post("/orders/o1/plums/3", "o1").await;
    shop.until(|| async { shop.reserved("plums").await == 3 }).await;
    assert_eq!(shop.admin("/traces").await, Value::Array(Vec::new()));
    shop.stop().await;
}

/// Prometheus, that reads what a shop says of itself.
async fn prometheus(shop: &Shop, folder: &std::path::Path) -> (Child, String) {
    let address = free_address();
    let config = format!(
        "global:\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\nscrape_configs:\n  \
         - job_name: corner\n    static_configs:\n      - targets: [\"{}\"]\n",
        shop.admin_address()
    );
    let file = folder.join("prometheus.yml");
    std::fs::write(&file, config).expect("it can be written");
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    (child.expect("Prometheus is installed"), format!("http://{address}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_scrapes_a_shop_and_promtool_finds_nothing_wrong_with_what_it_says() {
    let shop = Shop::start().await;
    shop.post("/shelves/plums/100", "fill").await;
    shop.post("/orders/o1/plums/3", "o1").await;
    shop.until(|| async { shop.reserved("plums").await == 3 }).await;

    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut promtool = promtool.stderr(Stdio::piped()).spawn().expect("promtool is installed");
    let mut said = promtool.stdin.take().expect("it reads");
    said.write_all(shop.numbers().await.as_bytes()).await.expect("it listens");
    drop(said);
    let checked = promtool.wait_with_output().await.expect("it ends");
    let complaints = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success() && complaints.is_empty(), "{complaints}");

    let folder = tempfile::tempdir().expect("a folder");
    let (mut prometheus, url) = prometheus(&shop, folder.path()).await;
    let client = client::client();
    let asked = [
        "ondol_log_position{service=\"shop.order\"}",
        "http_server_request_duration_seconds_count{http_request_method=\"POST\",\
         http_response_status_code=\"200\",http_route=\"/orders/{id}/{item}/{pieces}\"}",
    ];
    for query in asked {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let url = format!("{url}/api/v1/query?query={encoded}");
        shop.until(|| async {
            let answer = send(&client, Method::GET, &url, "").await;
            answer.is_ok_and(|answer| answer["data"]["result"][0]["value"][1].is_string())
        })
        .await;
    }
    prometheus.kill().await.expect("it runs");
    shop.stop().await;
}
