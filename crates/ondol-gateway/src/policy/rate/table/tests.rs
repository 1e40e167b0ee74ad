//! Tables that are full.

use super::*;

const PER: Duration = Duration::from_secs(60);

fn use_once(table: &Table, keys_max: u32, key: u64, calls: u32, second: u64) -> bool {
    let now = Duration::from_secs(second);
    let room = Room { keys_max, per: PER, now };
    table.with(key, room, |entry| entry.window.take(calls, PER, now).is_ok())
}

#[test]
fn a_full_table_forgets_who_has_used_least_and_does_not_grow() {
    let table = Table::new(8);
    for _ in 0..5 {
        assert!(use_once(&table, 8, 1, 5, 0));
    }
    for key in 2..10_000 {
        assert!(use_once(&table, 8, key, 5, 0));
    }
    let (keys, forgotten) = table.counted();
    assert_eq!(keys, 8);
    assert_eq!(forgotten, 9_999 - 8);
    assert!(!use_once(&table, 8, 1, 5, 0), "who has used all cannot get it back by inventing keys");
}

#[test]
fn keys_that_have_been_quiet_make_room_without_loss() {
    let table = Table::new(8);
    for key in 0..8 {
        assert!(use_once(&table, 8, key, 5, 0));
    }
    for key in 100..108 {
        assert!(use_once(&table, 8, key, 5, 61));
    }
    assert_eq!(table.counted(), (8, 0));
}

#[test]
fn a_table_that_is_told_to_be_smaller_becomes_smaller() {
    let table = Table::new(8);
    for key in 0..8 {
        assert!(use_once(&table, 8, key, 5, 0));
    }
    assert!(use_once(&table, 2, 9, 5, 0));
    assert_eq!(table.counted().0, 2);
    assert!(use_once(&table, 2, 9, 5, 0), "whoever came last is still known");
    assert_eq!(table.counted().0, 2);
}

#[test]
fn keys_of_many_shards_are_kept_apart() {
    let table = Table::new(100_000);
    for key in 0..1000_u64 {
        let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        assert!(use_once(&table, 100_000, key, 1, 0));
        assert!(!use_once(&table, 100_000, key, 1, 0));
    }
    assert_eq!(table.counted(), (1000, 0));
}
