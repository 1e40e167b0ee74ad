//! Requests counted, and no more of them than there is room for.

use std::sync::Arc;
use std::time::Duration;

use ondol_doors::ManualClock;
use ondol_kernel::Timestamp;

use super::{BOUNDS_MS, Requests, SERIES_MAX};

#[test]
fn requests_are_counted_by_route_and_answer_and_in_buckets() {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let requests = Requests::timed_by(clock.clone());
    for ms in [5, 6, 60_000] {
        let since = requests.running();
        clock.advance(Duration::from_millis(ms));
        requests.count(Some("/a/{id}"), ("GET", 200), since);
    }
    let text = requests.numbers();
    let line = |end: &str| text.lines().any(|line| line.ends_with(end));
    assert!(line("http_route=\"/a/{id}\",le=\"0.005\"} 1"), "{text}");
    assert!(line("http_route=\"/a/{id}\",le=\"0.01\"} 2"), "{text}");
    assert!(line("http_route=\"/a/{id}\",le=\"10\"} 2"), "{text}");
    assert!(line("http_route=\"/a/{id}\",le=\"+Inf\"} 3"), "{text}");
    assert!(
        line(
            "_sum{http_request_method=\"GET\",http_response_status_code=\"200\",http_route=\"/a/{id}\"} 60.011"
        ),
        "{text}"
    );
}

#[test]
fn however_many_routes_there_are_the_series_are_bounded() {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let requests = Requests::timed_by(clock);
    for number in 0..SERIES_MAX * 2 {
        let route = format!("/{number}");
        requests.count(Some(&route), ("GET", 200), Duration::ZERO);
    }
    let text = requests.numbers();
    assert!(text.contains("http_route=\"_OTHER\""));
    assert_eq!(text.lines().count(), 2 + (SERIES_MAX + 1) * (BOUNDS_MS.len() + 3));
}
