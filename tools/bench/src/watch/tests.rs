//! Percentiles against values known by hand.

use super::*;

fn of_millis(values: impl IntoIterator<Item = u64>) -> Latencies {
    let mut latencies = Latencies::new();
    values.into_iter().for_each(|value| latencies.record(Duration::from_millis(value)));
    latencies
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-9
}

#[test]
fn percentiles_of_one_to_a_hundred_are_their_own_numbers() {
    let mut latencies = of_millis((1..=100).rev());
    assert!(near(latencies.millis(0.5), 50.0));
    assert!(near(latencies.millis(0.99), 99.0));
    assert!(near(latencies.millis(1.0), 100.0));
    assert!(near(latencies.millis(0.0), 1.0));
}

#[test]
fn no_operations_have_no_latency() {
    assert!(near(Latencies::new().millis(0.99), 0.0));
}

#[test]
fn merged_latencies_count_together() {
    let mut latencies = of_millis([1, 2]);
    latencies.merge(of_millis([3, 4]));
    assert!(near(latencies.millis(1.0), 4.0));
    assert!(near(latencies.millis(0.5), 2.0));
}

#[test]
fn a_stopwatch_runs_forward() {
    let watch = Stopwatch::start();
    let first = watch.elapsed();
    assert!(watch.elapsed() >= first);
    assert!(watch.rate(1_000) > 0.0);
}
