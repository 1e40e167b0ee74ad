//! A lock that a saga holds, and who comes near it meanwhile.

use super::{Holder, Lock};

fn holder(identity: u32) -> Holder {
    Holder::of("trip", identity)
}

#[test]
fn what_is_free_keeps_nobody_out() {
    let lock = Lock::default();
    assert_eq!(lock.keeps_out(None), None);
    assert_eq!(lock.keeps_out(Some(&holder(1))), None);
}

#[test]
fn what_is_held_keeps_out_everybody_but_its_holder() {
    let lock = Lock::default().taken_by(&holder(1)).expect("it is free");
    assert_eq!(lock.keeps_out(Some(&holder(1))), None);
    assert_eq!(lock.keeps_out(Some(&holder(2))), Some(&holder(1)));
    assert_eq!(lock.keeps_out(None), Some(&holder(1)));
    assert_eq!(lock.taken_by(&holder(1)), Some(lock.clone()), "to take it twice is to take it");
    assert_eq!(lock.taken_by(&holder(2)), None);
}

#[test]
fn only_its_holder_lets_it_go_and_once_is_enough() {
    let lock = Lock::default().taken_by(&holder(1)).expect("it is free");
    assert!(lock.let_go_by(&holder(2)).is_held_by(&holder(1)));
    let free = lock.let_go_by(&holder(1));
    assert_eq!(free, Lock::default());
    assert_eq!(free.let_go_by(&holder(1)), Lock::default());
}

#[test]
fn a_lock_is_written_as_its_holder_or_as_nothing() {
    let lock = Lock::default().taken_by(&holder(7)).expect("it is free");
    let text = serde_json::to_string(&lock).expect("it can be written");
    assert_eq!(text, r#"{"saga":"trip","identity":"7"}"#);
    assert_eq!(serde_json::from_str::<Lock>(&text).expect("it can be read"), lock);
    assert_eq!(serde_json::to_string(&Lock::default()).expect("it can be written"), "null");
    assert_eq!(holder(7).to_string(), "trip/7");
}
