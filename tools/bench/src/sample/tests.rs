//! Medians and ratios against values known by hand.

use super::*;

fn sample(values: &[f64]) -> Sample {
    Sample { values: values.to_vec() }
}

#[test]
fn the_median_of_an_odd_number_is_the_middle_one() {
    assert_eq!(sample(&[9.0, 1.0, 5.0]).median(), Some(5.0));
}

#[test]
fn the_median_of_an_even_number_lies_between_the_middle_two() {
    assert_eq!(sample(&[4.0, 1.0, 3.0, 2.0]).median(), Some(2.5));
}

#[test]
fn nothing_measured_has_no_median() {
    assert_eq!(sample(&[]).median(), None);
}

#[test]
fn the_range_is_what_was_seen() {
    let seen = sample(&[2.0, 8.0, 4.0]);
    assert_eq!((seen.min(), seen.max()), (Some(2.0), Some(8.0)));
}

#[test]
fn a_ratio_is_taken_round_by_round() {
    // The machine was twice as slow in the second round: the ratio does not notice.
    let ratio = sample(&[50.0, 25.0, 60.0]).over(&sample(&[100.0, 50.0, 100.0]));
    assert_eq!(ratio, sample(&[0.5, 0.5, 0.6]));
    assert_eq!(ratio.median(), Some(0.5));
}

#[test]
fn a_ratio_to_zero_does_not_exist() {
    assert_eq!(sample(&[1.0]).over(&sample(&[0.0])).median(), None);
}
