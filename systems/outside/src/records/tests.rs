//! The books stay as large as they may be, and what was forgotten is found by nothing.

use serde_json::json;

use super::{RECORDS_MAX, Record, Records};

fn record(number: usize) -> Record {
    let reference = format!("order-{}", number / 2);
    Record { id: format!("r{number}"), reference, due: None, value: json!(number) }
}

#[test]
fn of_more_than_it_keeps_the_oldest_are_forgotten() {
    let mut records = Records::default();
    (0..RECORDS_MAX + 3).for_each(|number| records.put(record(number)));
    assert_eq!(records.all().count(), RECORDS_MAX);
    assert!(records.get("r2").is_none() && records.get("r3").is_some());
    assert!(records.called("order-0").is_empty());
    assert_eq!(records.called("order-1").len(), 1, "its other half was forgotten");
    assert_eq!(records.after(None)[0].id, "r3");
    assert_eq!(records.after(Some("r10"))[0].id, "r11");
}

#[test]
fn a_record_that_changes_keeps_its_place_and_its_time() {
    let mut records = Records::default();
    (0..3).for_each(|number| records.put(record(number)));
    records.put(Record { due: Some(50), value: json!("changed"), ..record(0) });
    assert_eq!(records.after(None)[0].value, json!("changed"));
    assert_eq!(records.called("order-0").len(), 2);
    assert!(records.due(49).is_none());
    assert_eq!(records.due(50).map(|record| record.id.as_str()), Some("r0"));
    records.put(record(0));
    assert!(records.due(50).is_none());
}
