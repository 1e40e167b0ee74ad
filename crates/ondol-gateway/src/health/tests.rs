//! Rows of answers.

use super::*;

#[test]
fn an_instance_is_ill_after_a_row_of_failures_and_well_after_a_row_of_successes() {
    let options = HealthOptions::default();
    let mut row = Row::default();
    let mut ill = false;
    let mut seen = Vec::new();
    for is_well in [false, false, true, false, false, false, false, true, false, true, true, true] {
        if let Some(now) = row.take(is_well, ill, &options) {
            ill = now;
        }
        seen.push(ill);
    }
    let expected = [false, false, false, false, false, true, true, true, true, true, false, false];
    assert_eq!(seen, expected);
}
