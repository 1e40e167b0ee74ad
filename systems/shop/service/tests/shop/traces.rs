//! One order as one trace, as a collector is told of it: from the request through services and
//! the saga, and across what nobody waits at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::Method;
use ondol::{Logging, OtlpOptions, TraceOptions};
use ondol_doors::{SystemClock, SystemRng};
use ondol_http::ServerOptions;
use ondol_runtime::Supervisor;
use ondol_telemetry::{Telemetry, Telling};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;

use super::house::{House, check_out};

const TRACE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
const CLIENT: u64 = 0xb7ad_6b71_6920_3331;

/// The spans that a collector has been told of, by their ids.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<BTreeMap<Vec<u8>, Span>>>);

impl Collected {
    async fn take(State(collected): State<Self>, body: Bytes) {
        let request = ExportTraceServiceRequest::decode(body).expect("as it is defined");
        let scopes = request.resource_spans.into_iter().flat_map(|of| of.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans);
        let spans = spans.filter(|span| span.trace_id == TRACE.to_be_bytes());
        let mut all = collected.0.lock().expect("nobody has panicked");
        all.extend(spans.map(|span| (span.span_id.clone(), span)));
    }

    /// How each span came to be: `>` is whoever waited for it, `~` what it follows.
    fn ways(&self) -> Vec<String> {
        let all = self.0.lock().expect("nobody has panicked");
        let mut ways: Vec<String> = all.values().map(|span| way(&all, span)).collect();
        ways.sort();
        ways.dedup();
        ways
    }
}

fn way(all: &BTreeMap<Vec<u8>, Span>, span: &Span) -> String {
    let name = &span.name;
    if let Some(parent) = all.get(&span.parent_span_id) {
        return format!("{} > {name}", way(all, parent));
    }
    match span.links.first().map(|link| (&link.trace_id, all.get(&link.span_id))) {
        Some((trace, Some(before))) => {
            assert_eq!(trace, &TRACE.to_be_bytes());
            assert_eq!(span.parent_span_id, Vec::<u8>::new(), "nobody waits for it");
            format!("{} ~ {name}", way(all, before))
        }
        Some((_, None)) => format!("? ~ {name}"),
        None if span.parent_span_id == CLIENT.to_be_bytes() => format!("client > {name}"),
        None => format!("? {name}"),
    }
}

/// What has not been told yet; said when it never is.
struct Untold<'a>(&'a Collected);

impl Untold<'_> {
    fn ends(&self) -> Vec<&'static str> {
        let ways = self.0.ways();
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
            println!("never told: {:#?}\nof all: {:#?}", self.ends(), self.0.ways());
        }
    }
}

/// A collector, and a program that tells it everything.
async fn listen(supervisor: &Supervisor) -> Collected {
    let collected = Collected::default();
    let router = Router::new().route("/v1/traces", post(Collected::take));
    let router = router.with_state(collected.clone());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    supervisor.start("a collector", |stop| async move {
        let served = ondol_http::serve(listener, router, ServerOptions::default(), stop).await;
        served.map_err(|error| error.to_string())
    });
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
    collected
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_trace_across_services_and_the_saga() {
    let beside = Supervisor::new();
    let collected = listen(&beside).await;
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
    let untold = Untold(&collected);
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
