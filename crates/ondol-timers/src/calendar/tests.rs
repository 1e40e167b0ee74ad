//! Times of a calendar, on the days on which clocks are set.

use std::time::Duration;

use super::*;

const SEOUL: &str = "Asia/Seoul";
const BERLIN: &str = "Europe/Berlin";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn on(year: i16, month: i8, day: i8, hour: i8, minute: i8, zone: &'static str) -> Due {
    Due::On {
        date: Date { year, month, day },
        at: TimeOfDay { hour, minute, second: 0 },
        zone: zone.into(),
    }
}

fn next(hour: i8, minute: i8, zone: &'static str) -> Due {
    Due::Next { at: TimeOfDay { hour, minute, second: 0 }, zone: zone.into() }
}

fn due(due: &Due) -> Timestamp {
    due_at(due, Timestamp::EPOCH).expect("there is such a moment")
}

#[test]
fn a_moment_and_a_while_need_no_calendar() {
    assert_eq!(due(&Due::At(at("2026-01-01T00:00:00Z"))), at("2026-01-01T00:00:00Z"));
    let after = Due::After(Duration::from_secs(90));
    let found = due_at(&after, at("2026-01-01T00:00:00Z")).expect("there is such a moment");
    assert_eq!(found, at("2026-01-01T00:01:30Z"));
}

#[test]
fn a_day_and_a_time_are_those_of_the_place() {
    assert_eq!(due(&on(2026, 7, 1, 9, 0, SEOUL)), at("2026-07-01T00:00:00Z"));
    assert_eq!(due(&on(2026, 7, 1, 9, 0, BERLIN)), at("2026-07-01T07:00:00Z"));
    assert_eq!(due(&on(2026, 1, 1, 9, 0, BERLIN)), at("2026-01-01T08:00:00Z"));
}

#[test]
fn a_time_that_is_left_out_is_as_much_later_as_was_left_out() {
    // In Berlin, 02:00 to 03:00 is left out on 2026-03-29.
    assert_eq!(due(&on(2026, 3, 29, 1, 59, BERLIN)), at("2026-03-29T00:59:00Z"));
    assert_eq!(due(&on(2026, 3, 29, 2, 30, BERLIN)), due(&on(2026, 3, 29, 3, 30, BERLIN)));
    assert_eq!(due(&on(2026, 3, 29, 2, 30, BERLIN)), at("2026-03-29T01:30:00Z"));
}

#[test]
fn of_a_time_that_comes_twice_the_first_is_taken() {
    // In Berlin, 02:00 to 03:00 comes twice on 2026-10-25.
    assert_eq!(due(&on(2026, 10, 25, 2, 30, BERLIN)), at("2026-10-25T00:30:00Z"));
    assert_eq!(due(&on(2026, 10, 25, 3, 0, BERLIN)), at("2026-10-25T02:00:00Z"));
}

#[test]
fn the_next_time_of_day_is_after_the_event_and_not_at_it() {
    let nine = at("2026-07-01T00:00:00Z");
    let found = due_at(&next(9, 0, SEOUL), nine).expect("there is such a moment");
    assert_eq!(found, at("2026-07-02T00:00:00Z"));
    let before = at("2026-06-30T23:59:59.999999Z");
    assert_eq!(due_at(&next(9, 0, SEOUL), before).expect("there is such a moment"), nine);
}

#[test]
fn every_day_at_a_time_follows_the_clocks_of_the_place() {
    let mut moment = at("2026-03-28T00:00:00Z");
    let mut found = Vec::new();
    for _day in 0..3 {
        moment = due_at(&next(2, 30, BERLIN), moment).expect("there is such a moment");
        found.push(moment);
    }
    let expected = ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"];
    assert_eq!(found, expected.map(at));
}

#[test]
fn what_is_no_moment_is_said_so() {
    let unknown = due_at(&next(9, 0, "Asia/Atlantis"), Timestamp::EPOCH);
    assert_eq!(unknown, Err(DueError::UnknownZone { found: "Asia/Atlantis".to_owned() }));
    let day = due_at(&on(2026, 2, 29, 9, 0, SEOUL), Timestamp::EPOCH);
    assert!(matches!(day, Err(DueError::NoSuchDay { .. })), "found {day:?}");
    let time = due_at(&next(24, 0, SEOUL), Timestamp::EPOCH);
    assert!(matches!(time, Err(DueError::NoSuchTime { .. })), "found {time:?}");
    let late = due_at(&Due::After(Duration::MAX), Timestamp::EPOCH);
    assert_eq!(late, Err(DueError::OutOfRange));
    let last = due_at(&next(9, 0, SEOUL), Timestamp::MAX);
    assert_eq!(last, Err(DueError::OutOfRange));
}
