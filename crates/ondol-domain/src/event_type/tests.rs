//! How names are written.

use super::snake_case;

#[test]
fn words_are_parted_where_a_reader_would_part_them() {
    for (name, written) in [
        ("Opened", "opened"),
        ("NotEnoughMoney", "not_enough_money"),
        ("HTTPFailed", "http_failed"),
        ("Level2Reached", "level2_reached"),
        ("already_so", "already_so"),
    ] {
        assert_eq!(snake_case(name), written);
    }
}
