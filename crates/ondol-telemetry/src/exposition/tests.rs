//! What is read of what is said.

use super::{families, sample};

#[test]
fn what_is_said_is_read_with_labels_that_hold_anything() {
    let said = "# HELP a_total What is counted.\n# TYPE a_total counter\n\
                a_total{of=\"x\\\"},{\\n\",b=\"\"} 3\na_total 1e3\n";
    let [family] = &families(said)[..] else { unreachable!("one family") };
    assert_eq!((family.kind, family.help), ("counter", "What is counted."));
    assert_eq!(family.samples[0].labels, [("of", "x\"},{\n".to_owned()), ("b", String::new())]);
    assert!((family.samples[1].value - 1000.0).abs() < f64::EPSILON);
}

#[test]
fn what_is_broken_is_passed_over() {
    for line in ["", "a", "a{", "a{b", "a{b=\"", "a{b=\"\"", "a{b=\"\"}", "a{b=\"\"} x", "# "] {
        assert_eq!(sample(line), None, "{line}");
        assert!(families(line).is_empty(), "{line}");
    }
}

#[test]
fn the_parts_of_a_histogram_are_one_family() {
    let said = "# TYPE h_seconds histogram\nh_seconds_bucket{le=\"0.1\"} 1\n\
                h_seconds_bucket{le=\"+Inf\"} 2\nh_seconds_sum 0.3\nh_seconds_count 2\n\
                # TYPE g gauge\ng 1\n";
    let families = families(said);
    assert_eq!(families.iter().map(|one| one.samples.len()).collect::<Vec<_>>(), [4, 1]);
}
