//! Moments are told apart without guessing.

use super::*;

#[test]
fn a_moment_is_a_version_a_position_or_a_time() {
    assert_eq!(moment("7"), Some(AsOf::Version(Version::new(7))));
    assert_eq!(moment("position:40"), Some(AsOf::Position(Position::new(40))));
    let noon = "2026-11-20T12:00:00Z";
    assert_eq!(moment(noon), Some(AsOf::Time(noon.parse().expect("a time"))));
    for wrong in
        ["", "-1", "+1", "1.5", "position:", "position:-1", "yesterday", "18446744073709551616"]
    {
        assert_eq!(moment(wrong), None, "{wrong:?}");
    }
}
