//! A collector that reads what comes as the official definitions have it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use ondol_doors::{Clock, SystemClock};
use ondol_kernel::{CorrelationId, Timestamp, TraceParent};
use ondol_trace::{Ended, Kind, Piece, Told, Value, Waited, Why};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::{BATCH_MAX, Exporter, News, OtlpOptions, WAITING_MAX};

fn context(span: u64) -> TraceParent {
    TraceParent::new(0xabc, span, 1).expect("neither is zero")
}

fn piece() -> Arc<Piece> {
    let request = Ended {
        name: "request",
        kind: Kind::Server,
        context: context(1),
        parent: Some(9),
        link: Some(context(8)),
        correlation: Some(CorrelationId::from_u128(5)),
        begun: Timestamp::from_micros(1_000_000).expect("a time"),
        long: Duration::from_millis(3),
        has_failed: true,
        waits: vec![Waited { what: "log", long: Duration::from_millis(2) }],
        fields: vec![
            ("http.request.method", Value::Text("GET".to_owned())),
            ("http.route", Value::Text("/accounts/{id}".to_owned())),
            ("http.response.status_code", Value::Number(503)),
            ("who", Value::Text("kim@example.com".to_owned())),
            ("cookie", Value::Text("session=1".to_owned())),
        ],
        told: vec![Told {
            after: Duration::from_millis(1),
            is_error: true,
            message: "no letter reaches kim@example.com".to_owned(),
        }],
    };
    Arc::new(Piece { why: Why::Failed, spans: vec![request], left_out: 0 })
}

/// Where what comes goes, and what is answered first.
type Taking = (mpsc::Sender<Bytes>, Arc<std::sync::Mutex<Vec<StatusCode>>>);

/// A collector that first answers so, and then takes what comes.
async fn collector(
    path: &str,
    first: Vec<StatusCode>,
    tasks: &mut JoinSet<()>,
) -> (String, mpsc::Receiver<Bytes>) {
    let (told, heard) = mpsc::channel(16);
    let answers = Arc::new(std::sync::Mutex::new(first));
    let take = |State((told, answers)): State<Taking>, body: Bytes| async move {
        let first = answers.lock().expect("nobody has panicked").pop();
        if let Some(first) = first {
            return first;
        }
        told.send(body).await.expect("somebody listens");
        StatusCode::OK
    };
    let router = Router::new().route(path, post(take)).with_state((told, answers));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let (keep, stop) = watch::channel(false);
    tasks.spawn(async move {
        let served =
            ondol_http::serve(listener, router, ondol_http::ServerOptions::default(), stop);
        served.await.expect("it serves");
        drop(keep);
    });
    (format!("http://{address}"), heard)
}

fn exporter(url: String) -> (Exporter, super::Outbox) {
    exporter_that_sends_every(5, url)
}

fn exporter_that_sends_every(every_ms: u64, url: String) -> (Exporter, super::Outbox) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    Exporter::new("shop", &OtlpOptions { url, every_ms, ..OtlpOptions::default() }, clock)
}

#[tokio::test]
async fn a_batch_that_is_full_does_not_wait_for_its_time() {
    let mut tasks = JoinSet::new();
    let (url, mut heard) = collector("/v1/traces", Vec::new(), &mut tasks).await;
    let (exporter, outbox) = exporter_that_sends_every(3_600_000, url);
    let (stop, stopped) = watch::channel(false);
    tasks.spawn(exporter.run(stopped));
    for _ in 0..BATCH_MAX {
        outbox.take(News::Piece(piece()));
    }
    let body = heard.recv().await.expect("it is sent within the hour");
    let request = ExportTraceServiceRequest::decode(body).expect("protobuf");
    assert_eq!(request.resource_spans[0].scope_spans[0].spans.len(), BATCH_MAX);
    drop(stop);
}

#[tokio::test]
async fn a_collector_is_told_of_spans_with_parents_links_and_nothing_of_people() {
    let mut tasks = JoinSet::new();
    let (url, mut heard) =
        collector("/v1/traces", vec![StatusCode::SERVICE_UNAVAILABLE], &mut tasks).await;
    let (exporter, outbox) = exporter(url);
    let (stop, stopped) = watch::channel(false);
    let running = tasks.spawn(exporter.run(stopped));
    outbox.take(News::Piece(piece()));
    let body = heard.recv().await.expect("it is sent again once it was not taken");
    let request = ExportTraceServiceRequest::decode(body.clone()).expect("protobuf");
    let resource = &request.resource_spans[0];
    let name = &resource.resource.as_ref().expect("a resource").attributes[0];
    assert_eq!(name.key, "service.name");
    let span = &resource.scope_spans[0].spans[0];
    assert_eq!(span.name, "GET /accounts/{id}");
    assert_eq!(span.trace_id, 0xabc_u128.to_be_bytes());
    assert_eq!(span.parent_span_id, 9_u64.to_be_bytes());
    assert_eq!(span.links[0].span_id, 8_u64.to_be_bytes());
    assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 3_000_000);
    assert_eq!((span.kind, span.status.as_ref().map(|status| status.code)), (2, Some(2)));
    let said = |name: &str| {
        let found = span.attributes.iter().find(|attribute| attribute.key == name);
        found.and_then(|attribute| attribute.value.clone()).and_then(|value| value.value)
    };
    assert_eq!(said("http.response.status_code"), Some(Any::IntValue(503)));
    assert_eq!(said("ondol.waited.log"), Some(Any::DoubleValue(0.002)));
    let all = String::from_utf8_lossy(&body);
    assert!(!all.contains("kim@") && !all.contains("session=1"), "{all}");
    assert!(!running.is_finished());
    stop.send_replace(true);
}

#[tokio::test]
async fn what_waits_when_it_ends_is_sent_and_a_full_queue_holds_nobody_up() {
    let mut tasks = JoinSet::new();
    let (url, mut heard) = collector("/v1/traces", Vec::new(), &mut tasks).await;
    let (exporter, outbox) = exporter(url);
    for _ in 0..WAITING_MAX + 5 {
        outbox.take(News::Piece(piece()));
    }
    let (stop, stopped) = watch::channel(true);
    let counted = async {
        let mut spans = 0;
        while spans < WAITING_MAX {
            let body = heard.recv().await.expect("all is sent");
            let request = ExportTraceServiceRequest::decode(body).expect("protobuf");
            spans += request.resource_spans[0].scope_spans[0].spans.len();
        }
        spans
    };
    let ((), spans) = tokio::join!(exporter.run(stopped), counted);
    assert_eq!(spans, WAITING_MAX);
    drop(stop);
}

#[tokio::test]
async fn a_collector_is_told_the_numbers_that_are_scraped() {
    let mut tasks = JoinSet::new();
    let (url, mut heard) = collector("/v1/metrics", Vec::new(), &mut tasks).await;
    let (exporter, _outbox) = exporter(url);
    let said = "# HELP wait_seconds How long.\n# TYPE wait_seconds histogram\n\
                wait_seconds_bucket{of=\"a\",le=\"0.1\"} 2\nwait_seconds_bucket{of=\"a\",le=\"+Inf\"} 5\n\
                wait_seconds_sum{of=\"a\"} 7.5\nwait_seconds_count{of=\"a\"} 5\n\
                # TYPE done_total counter\ndone_total{service=\"shop\"} 3\n# TYPE open gauge\nopen 1\n";
    let (stop, stopped) = watch::channel(true);
    let ((), body) = tokio::join!(exporter.counting(|| said.to_owned()).run(stopped), heard.recv());
    drop(stop);
    let request =
        ExportMetricsServiceRequest::decode(body.expect("they are sent")).expect("protobuf");
    let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
    let [wait, done, open] = &metrics[..] else { unreachable!("three: {metrics:?}") };
    let Some(Data::Histogram(wait_points)) = &wait.data else { unreachable!("{wait:?}") };
    let point = &wait_points.data_points[0];
    assert_eq!((point.count, point.sum, &point.bucket_counts), (5, Some(7.5), &vec![2, 3]));
    assert_eq!((&point.explicit_bounds, wait.unit.as_str()), (&vec![0.1], "s"));
    assert_eq!(point.attributes.len(), 1);
    let Some(Data::Sum(sum)) = &done.data else { unreachable!("{done:?}") };
    assert!(sum.is_monotonic && sum.data_points[0].attributes[0].key == "service");
    assert!(matches!(open.data, Some(Data::Gauge(_))));
}

#[tokio::test]
async fn a_collector_is_told_of_lines_with_their_trace_and_masked() {
    use tracing_subscriber::Layer as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    let mut tasks = JoinSet::new();
    let (url, mut heard) = collector("/v1/logs", Vec::new(), &mut tasks).await;
    let (exporter, outbox) = exporter(url);
    let clock = Arc::new(SystemClock::start());
    let keep = Arc::new(crate::Traces::within(1));
    let sampling = ondol_trace::Sampling::default();
    let recorder = ondol_trace::Recorder::new(clock, &ondol_doors::SystemRng, sampling, keep);
    let is_recorded = tracing_subscriber::filter::filter_fn(ondol_trace::is_recorded);
    let lines = crate::lines::Lines::new(crate::lines::Style::Json, std::io::sink());
    let layers = tracing_subscriber::Registry::default()
        .with(recorder.with_filter(is_recorded))
        .with(lines.and_to(Some(outbox)));
    tracing::subscriber::with_default(layers, || {
        let span = ondol_trace::server("GET", None, Some(context(1)));
        span.in_scope(|| tracing::warn!(count = 3_u64, "kim@example.com is not there"));
    });
    let (stop, stopped) = watch::channel(true);
    let ((), body) = tokio::join!(exporter.run(stopped), heard.recv());
    drop(stop);
    let request = ExportLogsServiceRequest::decode(body.expect("they are sent")).expect("protobuf");
    let line = &request.resource_logs[0].scope_logs[0].log_records[0];
    assert_eq!((&line.trace_id[..], line.severity_number), (&0xabc_u128.to_be_bytes()[..], 13));
    let said = line.body.as_ref().and_then(|body| body.value.clone());
    assert_eq!(said, Some(Any::StringValue("[e-mail] is not there".to_owned())));
    assert!(line.attributes.iter().any(|one| one.key == "count"));
}
