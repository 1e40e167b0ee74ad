//! Budgets, burns, and the same as Prometheus sees them.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ondol_doors::ManualClock;
use ondol_http::REQUEST_SECONDS;
use ondol_kernel::Timestamp;

use super::{
    Change, Counts, History, Objective, ObjectiveProblem, Severity, Watch, alerts, counts,
    problems, prometheus_rules,
};

fn objective(within_ms: Option<u64>) -> Objective {
    Objective {
        name: "orders are taken".to_owned(),
        route: Some("/orders".to_owned()),
        method: Some("POST".to_owned()),
        target_per_million: 990_000,
        within_ms,
    }
}

/// A minute after the other, so many requests in each, of which so many are wrong.
fn history(minutes: &[(u64, u64)]) -> History {
    let (mut history, mut sum) = (History::default(), Counts::default());
    history.note(Duration::ZERO, sum);
    for (at, (all, wrong)) in (1..).zip(minutes) {
        sum = Counts { good: sum.good + all - wrong, all: sum.all + all };
        history.note(Duration::from_secs(60 * at), sum);
    }
    history
}

fn minutes(count: usize, all: u64, wrong: u64) -> Vec<(u64, u64)> {
    vec![(all, wrong); count]
}

#[test]
fn a_budget_that_lasts_is_nothing_to_tell_of() {
    let lasts = history(&minutes(60 * 24, 1_000, 9));
    assert_eq!(alerts(&objective(None), &lasts), None);
    assert_eq!(alerts(&objective(None), &History::default()), None);
    assert_eq!(alerts(&objective(None), &history(&minutes(60, 0, 0))), None);
}

#[test]
fn a_budget_that_is_spent_within_hours_is_told_of_at_once() {
    let alert = alerts(&objective(None), &history(&minutes(60, 100, 20))).expect("it burns");
    assert_eq!((alert.severity, alert.window_seconds), (Severity::Page, 3_600));
    assert!((alert.burn_rate - 20.0).abs() < 1e-9, "{alert:?}");
}

#[test]
fn a_hiccup_that_is_over_is_not_told_of() {
    let mut over = minutes(60, 100, 30);
    over.extend(minutes(31, 100, 0));
    assert_eq!(
        alerts(&objective(None), &history(&over)).map(|alert| alert.severity),
        Some(Severity::Ticket)
    );
    let mut short = minutes(60 * 24, 100, 0);
    short.extend(minutes(2, 100, 100));
    assert_eq!(alerts(&objective(None), &history(&short)), None);
}

#[test]
fn what_is_spent_slowly_is_a_ticket() {
    let slow = history(&minutes(60 * 24, 100, 4));
    let alert = alerts(&objective(None), &slow).expect("it burns");
    assert_eq!((alert.severity, alert.window_seconds), (Severity::Ticket, 24 * 3_600));
}

#[test]
fn a_history_of_weeks_takes_no_more_than_one_of_days() {
    let weeks = history(&minutes(60 * 24 * 14, 1, 0));
    assert!(weeks.wrong_within(Duration::from_secs(60)).is_some());
    assert_eq!(weeks.kept_len(), (3 * 24 + 1) * 60);
}

const SAID: &str = "\
# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{http_request_method=\"POST\",http_response_status_code=\"200\",http_route=\"/orders\",le=\"0.25\"} 7
http_server_request_duration_seconds_bucket{http_request_method=\"POST\",http_response_status_code=\"200\",http_route=\"/orders\",le=\"+Inf\"} 10
http_server_request_duration_seconds_count{http_request_method=\"POST\",http_response_status_code=\"200\",http_route=\"/orders\"} 10
http_server_request_duration_seconds_bucket{http_request_method=\"POST\",http_response_status_code=\"503\",http_route=\"/orders\",le=\"0.25\"} 2
http_server_request_duration_seconds_count{http_request_method=\"POST\",http_response_status_code=\"503\",http_route=\"/orders\"} 2
http_server_request_duration_seconds_count{http_request_method=\"POST\",http_response_status_code=\"409\",http_route=\"/orders\"} 3
http_server_request_duration_seconds_count{http_request_method=\"GET\",http_response_status_code=\"200\",http_route=\"/orders\"} 50
";

#[test]
fn a_refusal_is_a_good_answer_and_a_failure_is_none_however_quick() {
    assert_eq!(counts(SAID, &objective(None)), Counts { good: 13, all: 15 });
    assert_eq!(counts(SAID, &objective(Some(250))), Counts { good: 7, all: 15 });
    let all = Objective { route: None, method: None, ..objective(None) };
    assert_eq!(counts(SAID, &all), Counts { good: 63, all: 65 });
}

#[test]
fn everything_that_is_wrong_with_objectives_is_said_at_once() {
    let wrong = Objective { target_per_million: 1_000_000, within_ms: Some(7), ..objective(None) };
    let found = problems(&[objective(None), wrong]);
    assert!(matches!(
        found[..],
        [
            ObjectiveProblem::Name { .. },
            ObjectiveProblem::Target { .. },
            ObjectiveProblem::Within { found: 7, .. }
        ]
    ));
    assert!(problems(&[objective(Some(250))]).is_empty());
}

/// Prometheus' own judgement of rules over made-up numbers.
#[test]
fn prometheus_tells_of_the_same_by_the_same_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let quick = Objective { name: "\"quick\" orders".to_owned(), ..objective(Some(250)) };
    let rules = prometheus_rules(&[objective(None), quick]);
    std::fs::write(folder.path().join("rules.yml"), rules).expect("it can be written");
    let series = |status: &str, values: &str| {
        format!(
            "      - series: 'http_server_request_duration_seconds_count{{http_route=\"/orders\",http_request_method=\"POST\",http_response_status_code=\"{status}\"}}'\n        values: '{values}'\n"
        )
    };
    let alert = |at: &str, alerts: &str| {
        format!(
            "      - eval_time: {at}\n        alertname: BudgetBurns\n        exp_alerts:{alerts}\n"
        )
    };
    let told = |severity: &str, window: &str, rate: &str| {
        format!(
            "\n          - exp_labels: {{ severity: {severity}, objective: orders are taken, window: {window} }}\n            exp_annotations: {{ summary: \"orders are taken: the budget is spent at more than {rate} times the rate at which it lasts\" }}"
        )
    };
    // One in a hundred may be wrong: at first one in two hundred is, and then one in five.
    let good = series("200", "0+995x120 120200+800x60");
    let wrong = series("500", "0+5x120 800+200x60");
    let quick_ones = "      - series: 'http_server_request_duration_seconds_bucket{http_route=\"/orders\",http_request_method=\"POST\",http_response_status_code=\"200\",le=\"0.25\"}'\n        values: '0+1000x181'\n";
    let lasts = alert("119m", " []");
    let all: String = [
        told("page", "60m", "14.4"),
        told("page", "360m", "6"),
        told("ticket", "1440m", "3"),
        told("ticket", "4320m", "1"),
    ]
    .concat();
    let burns = alert("180m", &all);
    let tests = format!(
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n{good}{wrong}{quick_ones}    alert_rule_test:\n{lasts}{burns}"
    );
    std::fs::write(folder.path().join("tests.yml"), tests).expect("it can be written");
    for words in [["check", "rules", "rules.yml"], ["test", "rules", "tests.yml"]] {
        let ran = Command::new("promtool").args(words).current_dir(folder.path()).output();
        let ran = ran.expect("promtool is installed");
        let said = [ran.stdout, ran.stderr].concat();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn somebody_is_told_once_when_it_begins_and_once_when_it_is_over() {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let answers = Arc::new(Mutex::new((0_u64, 0_u64)));
    let said = {
        let answers = Arc::clone(&answers);
        move || {
            let (good, wrong) = *answers.lock().expect("nobody has panicked");
            let line = |status: u16, count: u64| {
                format!(
                    "{REQUEST_SECONDS}_count{{http_request_method=\"POST\",http_response_status_code=\"{status}\",http_route=\"/orders\"}} {count}\n"
                )
            };
            format!("# TYPE {REQUEST_SECONDS} histogram\n{}{}", line(200, good), line(503, wrong))
        }
    };
    let watch = Watch::new(vec![objective(None)], clock.clone(), said);
    let mut told = Vec::new();
    for minute in 0..60 * 24 * 4 {
        clock.advance(Duration::from_secs(60));
        let is_bad = (60..120).contains(&minute);
        let mut answers = answers.lock().expect("nobody has panicked");
        answers.0 += if is_bad { 50 } else { 100 };
        answers.1 += if is_bad { 50 } else { 0 };
        drop(answers);
        told.extend(watch.look());
    }
    let severities: Vec<_> = told
        .iter()
        .map(|change| match change {
            Change::Burns(alert) => alert.severity.word(),
            Change::Lasts { .. } => "over",
        })
        .collect();
    assert_eq!(severities, ["ticket", "page", "ticket", "over"]);
    let standing = &watch.standings()[0];
    assert_eq!((standing.alert.clone(), standing.name.as_str()), (None, "orders are taken"));
    assert_eq!(standing.budget_left, Some(1.0));
}
