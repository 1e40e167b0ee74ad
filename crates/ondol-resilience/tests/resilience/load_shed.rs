//! Load shedding.

use ondol_resilience::{LoadShed, LoadShedOptions, Mode, Priority, Reason};

fn shed(mode: Mode) -> LoadShed {
    let options = LoadShedOptions { mode, calls_max: 10, low_share: 0.5, normal_share: 0.8 };
    LoadShed::new("test", options).unwrap()
}

#[test]
fn the_less_important_goes_first() {
    let shed = shed(Mode::Enforce);
    let mut calls: Vec<_> = (0..5).map(|_| shed.enter(Priority::Low).unwrap()).collect();
    assert_eq!(shed.enter(Priority::Low).unwrap_err().reason, Reason::LoadShed);
    calls.extend((0..3).map(|_| shed.enter(Priority::Normal).unwrap()));
    shed.enter(Priority::Normal).unwrap_err();
    calls.extend((0..2).map(|_| shed.enter(Priority::High).unwrap()));
    shed.enter(Priority::High).unwrap_err();
    assert_eq!(shed.state().calls, 10);
    calls.truncate(4);
    drop(shed.enter(Priority::Low).unwrap());
    drop(calls);
    assert_eq!(shed.state().calls, 0);
}

#[test]
fn observing_sheds_nobody() {
    let shed = shed(Mode::Observe);
    let calls: Vec<_> = (0..20).map(|_| shed.enter(Priority::Low).unwrap()).collect();
    assert_eq!(shed.state().would_reject, 15);
    drop(calls);
}
