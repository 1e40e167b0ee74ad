//! The mark below which everything has been dealt with.

use super::*;

fn at(position: u64) -> Position {
    Position::new(position)
}

#[test]
fn the_mark_stays_below_what_is_slow_whatever_was_quicker_behind_it() {
    let mut marks = Marks::from(at(10));
    [12, 13, 13, 20].into_iter().for_each(|position| marks.open(at(position)));
    marks.seen(at(25));
    assert_eq!(marks.low_water(), at(11));
    marks.close(at(20));
    marks.close(at(13));
    assert_eq!(marks.low_water(), at(11));
    marks.close(at(12));
    assert_eq!(marks.low_water(), at(12), "one of two at 13 is open still");
    marks.close(at(13));
    assert_eq!(marks.low_water(), at(25));
}
