//! Outlier detection.

use std::sync::Arc;

use ondol_resilience::{
    Doors, Host, Mode, Outlier, OutlierOptions, SuccessRateRule, Verdict, What,
};

use crate::rig::{Rig, millis, secs};

fn rig(options: OutlierOptions, hosts: usize) -> (Rig, Outlier, Vec<Arc<Host>>) {
    let rig = Rig::new();
    let outlier = Outlier::with("test", options, &rig.doors).unwrap();
    let names: Vec<Arc<str>> = (0..hosts).map(|host| format!("host-{host}").into()).collect();
    let hosts = outlier.watch(&names);
    (rig, outlier, hosts)
}

fn fail(outlier: &Outlier, host: &Host, times: u32) {
    for _ in 0..times {
        outlier.report(host, Verdict::failure().answered());
    }
}

fn out(outlier: &Outlier, doors: &Doors, hosts: &[Arc<Host>]) -> usize {
    hosts.iter().filter(|host| outlier.is_out(host, doors.time.now())).count()
}

#[test]
fn of_one_endpoint_none_goes_out_of_two_or_three_one_does() {
    for (count, expected) in [(1, 0), (2, 1), (3, 1), (4, 2)] {
        let (rig, outlier, hosts) = rig(OutlierOptions::default(), count);
        for host in &hosts {
            fail(&outlier, host, 20);
        }
        assert_eq!(out(&outlier, &rig.doors, &hosts), expected, "of {count}");
        assert!(outlier.state().spared > 0);
    }
}

#[test]
fn it_goes_out_at_exactly_the_last_failure_in_a_row() {
    let (rig, outlier, hosts) = rig(OutlierOptions::default(), 3);
    fail(&outlier, &hosts[0], 4);
    outlier.report(&hosts[0], Verdict::success());
    fail(&outlier, &hosts[0], 4);
    assert_eq!(out(&outlier, &rig.doors, &hosts), 0);
    fail(&outlier, &hosts[0], 1);
    assert!(outlier.is_out(&hosts[0], rig.doors.time.now()));
}

#[test]
fn what_failed_there_and_what_failed_on_the_way_are_counted_apart() {
    let options = OutlierOptions { local_failures_in_a_row: None, ..OutlierOptions::default() };
    let (rig, outlier, hosts) = rig(options, 3);
    for _ in 0..100 {
        outlier.report(&hosts[0], Verdict::failure().not_sent());
        outlier.report(&hosts[0], Verdict::failure());
    }
    assert_eq!(out(&outlier, &rig.doors, &hosts), 0, "only what it answers counts");
    fail(&outlier, &hosts[0], 5);
    assert_eq!(out(&outlier, &rig.doors, &hosts), 1);
}

#[test]
fn each_time_it_stays_out_longer_and_quiet_intervals_take_that_back() {
    let (rig, outlier, hosts) = rig(OutlierOptions::default(), 3);
    let mut events = rig.doors.events.subscribe();
    for lasts in [30, 60, 90] {
        fail(&outlier, &hosts[0], 5);
        rig.wait(secs(lasts) - millis(1));
        assert_eq!(out(&outlier, &rig.doors, &hosts), 1, "not before {lasts} s");
        rig.wait(millis(1));
        assert_eq!(out(&outlier, &rig.doors, &hosts), 0, "after {lasts} s");
    }
    for _ in 0..6 {
        rig.wait(secs(10));
        outlier.report(&hosts[0], Verdict::success());
    }
    assert_eq!(outlier.state().hosts[0].times_out, 0);
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(event.what);
    }
    assert!(matches!(&told[0], What::Ejected { endpoint, .. } if endpoint == "host-0"));
    assert!(told.iter().any(|what| matches!(what, What::Returned { .. })));
}

#[test]
fn the_one_that_succeeds_far_less_than_the_others_goes_out() {
    let (rig, outlier, hosts) = rig(OutlierOptions::default(), 6);
    for call in 0..200 {
        for (index, host) in hosts.iter().enumerate() {
            let fails = index == 2 && call % 3 == 0;
            outlier.report(
                host,
                if fails { Verdict::failure().answered() } else { Verdict::success() },
            );
        }
    }
    assert_eq!(out(&outlier, &rig.doors, &hosts), 0, "not before the interval is over");
    rig.wait(secs(10));
    outlier.report(&hosts[0], Verdict::success());
    assert!(outlier.is_out(&hosts[2], rig.doors.time.now()));
    assert_eq!(out(&outlier, &rig.doors, &hosts), 1);
}

#[test]
fn too_few_endpoints_are_not_compared() {
    let rule = SuccessRateRule { hosts_min: 5, ..SuccessRateRule::default() };
    let options = OutlierOptions {
        success_rate: Some(rule),
        failure_share: None,
        ..OutlierOptions::default()
    };
    let (rig, outlier, hosts) = rig(options, 4);
    for call in 0..200 {
        for (index, host) in hosts.iter().enumerate() {
            let fails = index == 2 && call % 3 == 0;
            outlier.report(
                host,
                if fails { Verdict::failure().answered() } else { Verdict::success() },
            );
        }
    }
    rig.wait(secs(10));
    outlier.report(&hosts[0], Verdict::success());
    assert_eq!(out(&outlier, &rig.doors, &hosts), 0);
}

#[test]
fn a_share_of_failures_that_is_too_high_goes_out_whatever_the_others_do() {
    let options = OutlierOptions { upstream_failures_in_a_row: None, ..OutlierOptions::default() };
    let (rig, outlier, hosts) = rig(options, 3);
    for call in 0..60 {
        let verdict =
            if call % 10 == 0 { Verdict::success() } else { Verdict::failure().answered() };
        outlier.report(&hosts[1], verdict);
    }
    rig.wait(secs(10));
    outlier.report(&hosts[0], Verdict::success());
    assert!(outlier.is_out(&hosts[1], rig.doors.time.now()));
}

#[test]
fn observing_takes_nobody_out() {
    let options = OutlierOptions { mode: Mode::Observe, ..OutlierOptions::default() };
    let (rig, outlier, hosts) = rig(options, 3);
    fail(&outlier, &hosts[0], 10);
    assert_eq!((out(&outlier, &rig.doors, &hosts), outlier.state().would_eject), (0, 2));
}
