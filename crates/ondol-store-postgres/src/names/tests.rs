//! Names are remembered for one life of a log, and not without end.

use super::*;

fn epoch(number: u128) -> LogEpoch {
    LogEpoch::from_u128(number)
}

fn stream(number: i64) -> StreamId {
    StreamId::new("account", number).expect("a number is a good key")
}

#[test]
fn a_name_is_known_once_it_was_kept() {
    let names = StreamNames::default();
    assert_eq!(names.of(epoch(1), &[7, 8]), [None, None]);
    names.keep(epoch(1), &HashMap::from([(7, stream(70))]));
    assert_eq!(names.of(epoch(1), &[8, 7]), [None, Some(stream(70))]);
}

#[test]
fn another_life_of_the_log_may_give_an_id_another_name() {
    let names = StreamNames::default();
    names.keep(epoch(1), &HashMap::from([(7, stream(70))]));
    assert_eq!(names.of(epoch(2), &[7]), [None]);
    names.keep(epoch(2), &HashMap::from([(7, stream(71))]));
    assert_eq!(names.of(epoch(2), &[7]), [Some(stream(71))]);
}

#[test]
fn no_more_names_are_remembered_than_there_is_room_for() {
    let names = StreamNames::default();
    let many: HashMap<i64, StreamId> = (0..200_000).map(|id| (id, stream(1))).collect();
    names.keep(epoch(1), &many);
    names.keep(epoch(1), &HashMap::from([(-1, stream(2))]));
    assert_eq!(names.known(epoch(1)).names.len(), 1);
    assert_eq!(names.of(epoch(1), &[-1]), [Some(stream(2))]);
}
