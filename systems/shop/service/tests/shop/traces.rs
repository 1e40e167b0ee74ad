//! One order as one trace, as a collector is told of it: from the request through services and
//! the saga, and across what nobody waits at.

use std::sync::Arc;

use http::Method;
use ondol::{Logging, OtlpOptions, TraceOptions};
use ondol_doors::{SystemClock, SystemRng};
use ondol_runtime::Supervisor;
use ondol_telemetry::{Telemetry, Telling};
use ondol_testkit::collector::Collector;

use super::house::{House, check_out};

const TRACE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
const CLIENT: u64 = 0xb7ad_6b71_6920_3331;

/// What has not been told yet; said when it never is.
struct Untold<'a>(&'a Collector);

impl Untold<'_> {
    fn ends(&self) -> Vec<&'static str> {
        let ways = self.0.ways(TRACE, CLIENT);
        let is_told = |end: &str| ways.iter().any(|way| *way == format!("{REQUEST}{end}"));
        let followed = |end: &str| PLACED.iter().any(|placed| is_told(&format!("{placed}{end}")));
        let untold = PLACED.into_iter().filter(|end| !is_told(end));
        untold.chain(FOLLOWS.into_iter().filter(|end| !followed(end))).collect()
    }
}

impl Drop for Untold<'_> {
    #[expect(
        clippy::print_stdout,
        reason = "it is read by whoever wants to know why the test failed"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("never told: {:#?}\nof all: {:#?}", self.ends(), self.0.ways(TRACE, CLIENT));
        }
    }
}

/// A program that tells a collector everything.
fn tell(collector: &Collector, supervisor: &Supervisor) {
    let url = collector.url();
    let telling = Telling {
        program: "shop",
        logging: &Logging { level: "error".to_owned(), ..Logging::default() },
        traces: &TraceOptions { share_per_million: 0, ..TraceOptions::default() },
        otlp: &OtlpOptions { url, every_ms: 20, ..OtlpOptions::default() },
    };
    let clock = Arc::new(SystemClock::start());
    let told = ondol_telemetry::begin_with_traces(telling, clock, &SystemRng);
    let Telemetry { exporter, .. } = told.expect("nobody listens yet");
    let exporter = exporter.expect("there is a collector");
    supervisor.start("what it is told", |stop| async move {
        exporter.run(stop).await;
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_trace_across_services_and_the_saga() {
    let beside = Supervisor::new();
    let collector = Collector::start();
    tell(&collector, &beside);
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 10).await;
    house.put("kim", &tea, 2).await;
    // Nothing is chosen here: it is chosen by whoever asks.
    let parent = format!("00-{TRACE:032x}-{CLIENT:016x}-01");
    let headers = [("idempotency-key", "one"), ("traceparent", parent.as_str())];
    let body = Some(check_out("card-good"));
    let bought = house.ask("kim", Method::POST, "/api/v1/orders", &headers, body).await;
    assert_eq!(bought.status, 201, "{}", bought.text);
    let path = bought.location().to_owned();
    house.until_state("kim", &path, &["delivered"]).await;
    let untold = Untold(&collector);
    house.until(|| async { untold.ends().is_empty() }).await;
    house.close().await;
    beside.shut_down().await.expect("nothing has failed");
}

/// What the client waits for.
const REQUEST: &str = "client > POST /api/v1/orders";
/// Who places the order: the request does, and the policy that sees to it that it is placed at all. One of
/// them is the first, and what follows, follows from that one.
const PLACED: [&str; 2] = [
    " > command order",
    " > command cart ~ process shop.order > policy place what was checked out > command order",
];
/// What comes of it: in the saga, in services that are asked, and in those that hear of it.
const FOLLOWS: [&str; 5] = [
    " ~ shop.purchase ask begin > command order",
    " ~ shop.purchase ask reserve 1 > command stock ~ process shop.stock",
    " ~ shop.purchase ask request payment > command charge",
    " ~ shop.purchase ask capture > command charge",
    " ~ shop.purchase ask ship > command shipment ~ process shop.shipping",
];
