//! What a reader sees of a difference.

use super::side_by_side;

#[test]
fn lines_that_differ_are_marked() {
    let text = side_by_side("one\ntwo\nthree", "one\n둘");
    assert_eq!(text, "  expected │ actual\n  one      │ one\n  two      ≠ 둘\n  three    ≠\n");
}

#[test]
fn a_long_line_is_broken_and_not_lost() {
    let text = side_by_side(&"z".repeat(100), &"z".repeat(101));
    assert_eq!(text.matches('z').count(), 201);
    assert!(text.lines().all(|line| line.chars().count() < 125), "{text}");
}
