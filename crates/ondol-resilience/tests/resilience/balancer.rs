//! The balancer.

use std::collections::BTreeMap;

use ondol_resilience::{
    Balancer, BalancerOptions, Carried, Context, Doors, Endpoint, LiftLayer, Mode, OutlierOptions,
    Reason, Retry, RetryOptions, Strategy, Time, Tried, Verdict, What,
};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::rig::{Down, Rig, idempotent, millis, reason, secs};

fn options(strategy: Strategy, endpoints: usize) -> BalancerOptions {
    BalancerOptions {
        strategy,
        endpoints: (0..endpoints).map(|index| Endpoint::named(format!("e{index}"))).collect(),
        outlier: OutlierOptions { mode: Mode::Off, ..OutlierOptions::default() },
        ..BalancerOptions::default()
    }
}

fn balancer(rig: &Rig, options: BalancerOptions) -> Balancer {
    Balancer::with("test", options, &rig.doors).unwrap()
}

fn pick(balancer: &Balancer) -> String {
    pick_by(balancer, 0)
}

fn pick_by(balancer: &Balancer, key: u64) -> String {
    let pick = balancer.pick(&Context::default(), key).unwrap();
    let name = pick.endpoint().name.clone();
    pick.finish(Verdict::success());
    name
}

fn shares(balancer: &Balancer, picks: u64) -> BTreeMap<String, u64> {
    let mut shares = BTreeMap::new();
    for _ in 0..picks {
        *shares.entry(pick(balancer)).or_default() += 1;
    }
    shares
}

#[test]
fn round_robin_goes_one_after_the_other() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::RoundRobin, 3));
    let picks: Vec<_> = (0..6).map(|_| pick(&balancer)).collect();
    assert_eq!(picks, ["e0", "e1", "e2", "e0", "e1", "e2"]);
}

#[test]
fn weights_are_kept_exactly_and_evenly_mixed() {
    let rig = Rig::new();
    let mut options = options(Strategy::Weighted, 3);
    for (endpoint, weight) in options.endpoints.iter_mut().zip([5, 1, 1]) {
        endpoint.weight = weight;
    }
    let balancer = balancer(&rig, options);
    let picks: Vec<_> = (0..7).map(|_| pick(&balancer)).collect();
    assert_eq!(picks, ["e0", "e0", "e1", "e0", "e2", "e0", "e0"]);
}

#[test]
fn least_requests_goes_where_the_fewest_are_in_flight() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::LeastRequests, 3));
    let mut held = Vec::new();
    for _ in 0..30 {
        held.push(balancer.pick(&Context::default(), 0).unwrap());
    }
    assert!(balancer.state().endpoints.iter().all(|endpoint| endpoint.in_flight == 10));
    held.retain(|pick| pick.endpoint().name != "e1");
    assert_eq!(pick(&balancer), "e1");
}

#[test]
fn a_fast_failing_endpoint_of_three_gets_less_than_five_percent() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::PeakEwma, 3));
    let mut failing = 0;
    for _ in 0..10_000 {
        let pick = balancer.pick(&Context::default(), 0).unwrap();
        if pick.endpoint().name == "e1" {
            failing += 1;
            rig.wait(std::time::Duration::from_micros(100));
            pick.finish(Verdict::failure().answered());
        } else {
            rig.wait(millis(20));
            pick.finish(Verdict::success());
        }
    }
    assert!(failing < 500, "{failing} of 10,000");
    assert!(failing > 0, "it is tried again now and then");
}

#[test]
fn an_endpoint_that_begins_to_fail_at_once_loses_its_traffic_and_gets_it_back_when_it_works() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::PeakEwma, 3));
    let run = |calls: u32, fails: bool| {
        let mut picked = 0;
        for _ in 0..calls {
            let pick = balancer.pick(&Context::default(), 0).unwrap();
            let bad = pick.endpoint().name == "e1";
            picked += u32::from(bad);
            rig.wait(if bad && fails { millis(1) } else { millis(20) });
            pick.finish(if bad && fails {
                Verdict::failure().answered()
            } else {
                Verdict::success()
            });
        }
        picked
    };
    assert!((2_500..4_200).contains(&run(10_000, false)));
    let while_failing = run(10_000, true);
    assert!(while_failing < 500, "{while_failing}");
    run(3_000, false);
    let afterwards = run(10_000, false);
    assert!((2_500..4_200).contains(&afterwards), "{afterwards}");
}

#[test]
fn a_slow_endpoint_gets_little() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::PeakEwma, 3));
    let mut slow = 0;
    for _ in 0..5_000 {
        let pick = balancer.pick(&Context::default(), 0).unwrap();
        let is_slow = pick.endpoint().name == "e2";
        slow += u32::from(is_slow);
        rig.wait(if is_slow { millis(200) } else { millis(10) });
        pick.finish(Verdict::success());
    }
    assert!(slow < 250, "{slow}");
}

#[test]
fn the_same_key_goes_to_the_same_endpoint_and_only_the_keys_of_one_that_leaves_move() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::Hash, 10));
    let before: Vec<_> = (0..2_000).map(|key| pick_by(&balancer, key)).collect();
    assert_eq!(before, (0..2_000).map(|key| pick_by(&balancer, key)).collect::<Vec<_>>());
    balancer.change(options(Strategy::Hash, 9)).unwrap();
    let mut moved = 0;
    for (key, was) in (0..).zip(&before) {
        let is = pick_by(&balancer, key);
        if was == "e9" {
            moved += 1;
        } else {
            assert_eq!(is, *was, "key {key}");
        }
    }
    assert!((150..250).contains(&moved), "a tenth: {moved}");
}

#[test]
fn a_key_that_all_ask_for_does_not_overload_its_endpoint() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::Hash, 4));
    let held: Vec<_> = (0..400).map(|_| balancer.pick(&Context::default(), 42).unwrap()).collect();
    let most = balancer.state().endpoints.iter().map(|endpoint| endpoint.in_flight).max();
    assert!(most.unwrap() <= 126, "100 each would be fair, 1.25 times that is the most: {most:?}");
    drop(held);
}

#[test]
fn a_new_endpoint_gets_its_share_little_by_little() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::Weighted, 2));
    balancer.change(options(Strategy::Weighted, 3)).unwrap();
    let at_first = shares(&balancer, 1_000)["e2"];
    assert!((40..=55).contains(&at_first), "a tenth of a full weight: {at_first}");
    rig.wait(secs(5));
    let halfway = shares(&balancer, 1_000)["e2"];
    assert!((190..=210).contains(&halfway), "half a weight of two and a half: {halfway}");
    rig.wait(secs(5));
    let at_last = shares(&balancer, 999)["e2"];
    assert!((330..=336).contains(&at_last), "{at_last}");
}

#[test]
fn the_own_zone_is_preferred_as_long_as_enough_of_it_is_in() {
    let rig = Rig::new();
    let mut options = options(Strategy::RoundRobin, 4);
    for (endpoint, zone) in options.endpoints.iter_mut().zip(["a", "a", "b", "b"]) {
        endpoint.zone = Some(zone.to_owned());
    }
    options.zone = Some("a".to_owned());
    options.zone_share_min = 0.6;
    options.outlier = OutlierOptions::default();
    let balancer = balancer(&rig, options);
    assert_eq!(shares(&balancer, 100).len(), 2);
    while balancer.state().outlier.ejected == 0 {
        let pick = balancer.pick(&Context::default(), 0).unwrap();
        let verdict =
            if pick.endpoint().name == "e0" { Verdict::failure() } else { Verdict::success() };
        pick.finish(verdict);
    }
    let shares = shares(&balancer, 90);
    assert_eq!(
        shares.keys().collect::<Vec<_>>(),
        ["e1", "e2", "e3"],
        "half the zone is too little"
    );
}

#[test]
fn with_too_few_endpoints_in_health_is_ignored_and_that_is_said() {
    let rig = Rig::new();
    let mut events = rig.doors.events.subscribe();
    let mut options = options(Strategy::RoundRobin, 3);
    options.outlier = OutlierOptions { out_share_max: 1.0, ..OutlierOptions::default() };
    let balancer = balancer(&rig, options);
    for _ in 0..30 {
        balancer.pick(&Context::default(), 0).unwrap().finish(Verdict::failure().answered());
    }
    assert_eq!(balancer.state().outlier.ejected, 3);
    assert_eq!(shares(&balancer, 99).len(), 3, "all are tried again");
    let state = balancer.state();
    assert!(state.panic && state.picked_in_panic >= 99);
    rig.wait(secs(60));
    pick(&balancer);
    assert!(!balancer.state().panic);
    let mut panics = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let What::Panic { on } = event.what {
            panics.push(on);
        }
    }
    assert_eq!(panics, [true, false]);
}

#[test]
fn another_attempt_goes_elsewhere_and_back_only_when_all_were_tried() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::RoundRobin, 3));
    for _ in 0..50 {
        let mut context = Context { tried: Some(Tried::default()), ..Context::default() };
        let mut names = Vec::new();
        for attempt in 0..3 {
            context.attempt = attempt;
            names.push(balancer.pick(&context, 0).unwrap().endpoint().name.clone());
        }
        names.sort();
        assert_eq!(names, ["e0", "e1", "e2"]);
        context.attempt = 3;
        drop(balancer.pick(&context, 0).unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_through_the_balancer_finds_the_endpoint_that_works() {
    let doors = Doors { time: Time::tokio(), ..Rig::new().doors };
    let balancer = Balancer::with("test", options(Strategy::RoundRobin, 3), &doors).unwrap();
    let retry = Retry::with("test", RetryOptions::default(), &doors).unwrap();
    let service = balancer.service(|endpoint: &Endpoint| {
        let works = endpoint.name == "e2";
        let inner = service_fn(move |_: Carried<&'static str>| {
            std::future::ready(if works { Ok("answer") } else { Err(Down) })
        });
        ServiceBuilder::new().layer(LiftLayer).service(inner)
    });
    let service = ServiceBuilder::new().layer(retry.layer()).service(service);
    for _ in 0..3 {
        assert_eq!(service.clone().oneshot(idempotent()).await, Ok("answer"));
        tokio::time::advance(secs(20)).await;
    }
}

#[tokio::test]
async fn without_endpoints_the_answer_says_so() {
    let balancer = balancer(&Rig::new(), options(Strategy::PeakEwma, 0));
    let service = balancer.service(|_: &Endpoint| {
        let inner = service_fn(async |_: Carried<&'static str>| Ok::<(), Down>(()));
        ServiceBuilder::new().layer(LiftLayer).service(inner)
    });
    assert_eq!(reason(service.oneshot(idempotent()).await), Reason::NoEndpoint);
}

#[test]
fn a_dropped_call_is_no_longer_in_flight() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::LeastRequests, 1));
    drop(balancer.pick(&Context::default(), 0).unwrap());
    assert_eq!(balancer.state().endpoints[0].in_flight, 0);
}

#[test]
fn a_name_that_comes_twice_is_a_problem() {
    let mut options = options(Strategy::RoundRobin, 2);
    options.endpoints[1].name = "e0".to_owned();
    let problems = options.validate().unwrap_err().to_string();
    assert_eq!(problems, "endpoints.1.name is `e0` a second time");
}

#[test]
fn health_is_ignored_already_when_too_few_are_left_and_not_only_when_none_is() {
    let rig = Rig::new();
    let mut options = options(Strategy::RoundRobin, 3);
    options.outlier = OutlierOptions { out_share_max: 1.0, ..OutlierOptions::default() };
    options.panic_below = 0.5;
    let balancer = balancer(&rig, options);
    for _ in 0..60 {
        let pick = balancer.pick(&Context::default(), 0).unwrap();
        let fails = pick.endpoint().name != "e0";
        pick.finish(if fails { Verdict::failure().answered() } else { Verdict::success() });
    }
    assert_eq!(balancer.state().outlier.ejected, 2);
    assert!(balancer.state().panic, "one of three is less than half");
    assert_eq!(shares(&balancer, 30).len(), 3);
}

#[test]
fn a_failure_that_comes_quickly_does_not_make_an_endpoint_quick() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::PeakEwma, 1));
    for (takes, verdict) in [(200, Verdict::success()), (1, Verdict::failure())] {
        let pick = balancer.pick(&Context::default(), 0).unwrap();
        rig.wait(millis(takes));
        pick.finish(verdict);
    }
    let latency = balancer.state().endpoints[0].latency_seconds.unwrap();
    assert!(latency >= 0.2, "{latency}");
}

#[test]
fn an_attempt_never_goes_where_an_earlier_one_went_while_another_is_left() {
    let rig = Rig::new();
    let balancer = balancer(&rig, options(Strategy::Hash, 3));
    let tried = Some(Tried::default());
    let mut names = std::collections::BTreeSet::new();
    for attempt in 0..3 {
        let context = Context { attempt, tried: tried.clone(), ..Context::default() };
        names.insert(balancer.pick(&context, 7).unwrap().endpoint().name.clone());
    }
    assert_eq!(names.len(), 3, "by one key all attempts would go to one endpoint");
}

#[test]
fn an_endpoint_found_to_be_ill_is_out_until_it_is_well_and_then_comes_back_little_by_little() {
    let rig = Rig::new();
    rig.wait(secs(1));
    let balancer = balancer(&rig, options(Strategy::Weighted, 3));
    balancer.set_ill("e1", true);
    balancer.set_ill("nobody", true);
    assert_eq!(shares(&balancer, 99).keys().collect::<Vec<_>>(), ["e0", "e2"]);
    balancer.change(options(Strategy::Weighted, 3)).unwrap();
    assert!(balancer.state().endpoints[1].ill, "it is ill through a change of options");
    balancer.set_ill("e1", false);
    balancer.set_ill("e1", false);
    let at_first = shares(&balancer, 1_000)["e1"];
    assert!((40..=55).contains(&at_first), "a tenth of a full weight: {at_first}");
    rig.wait(secs(10));
    let at_last = shares(&balancer, 999)["e1"];
    assert!((330..=336).contains(&at_last), "{at_last}");
    for name in ["e0", "e1", "e2"] {
        balancer.set_ill(name, true);
    }
    assert_eq!(shares(&balancer, 99).len(), 3, "when all are ill, health is ignored");
}
