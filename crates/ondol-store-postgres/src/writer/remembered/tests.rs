//! What is remembered is bounded and always the last that was put.

use super::*;

fn stream(number: u64) -> StreamId {
    StreamId::new("thing", number).expect("a number is a good key")
}

fn standing(version: u64) -> Standing {
    Standing { id: 1, version: Version::new(version) }
}

#[test]
fn the_newest_standing_wins_over_an_older_one_of_the_same_stream() {
    let mut remembered = Remembered::new(2);
    remembered.put(stream(1), standing(1));
    remembered.put(stream(2), standing(1));
    remembered.put(stream(1), standing(2));
    assert_eq!(remembered.get(&stream(1)), Some(standing(2)));
}

#[test]
fn no_more_streams_are_remembered_than_there_is_room_for() {
    let mut remembered = Remembered::new(10);
    for number in 0..1_000 {
        remembered.put(stream(number), standing(1));
        assert!(remembered.recent.len() + remembered.older.len() <= 10);
    }
    assert_eq!(remembered.get(&stream(999)), Some(standing(1)));
    assert_eq!(remembered.get(&stream(0)), None);
}
