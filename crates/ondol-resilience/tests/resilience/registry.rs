//! Policies by name, and from a file.

use ondol_resilience::{Breaker, Doors, Kind, ParseError, RegisterError, Registry};

const ALL: &str = "[adaptive.a]\n[balancer.a]\nendpoints = [{ name = 'x' }]\n[breaker.a]\n\
    [bulkhead.a]\n[chaos.a]\n[fallback.a]\n[hedge.a]\n[load_shed.a]\n[outlier.a]\n\
    [rate_limit.a]\n[retry.a]\nwithin = 'off'\n[timeout.a]\nwithin = '3s'\n";
const TWO: &str = "[breaker.one]\nfailures_in_a_row = 3\n[breaker.two]\nmode = 'observe'\n";

fn load(text: &str) -> Registry {
    Registry::from_toml(text, &Doors::default()).expect("the file of a test is good")
}

fn problems(text: &str) -> String {
    match Registry::from_toml(text, &Doors::default()) {
        Err(ParseError::Problems(problems)) => problems.to_string(),
        other => panic!("expected problems, found {other:?}"),
    }
}

#[test]
fn all_that_is_wrong_in_all_tables_is_reported() {
    let found = problems(
        "[breaker.one]\nfailures_in_a_row = 0\n[breaker.one.open]\ngrowth = 0.0\n\
         [breaker.two]\nfailures_in_a_raw = 3\n",
    );
    assert!(found.contains("breaker.one.failures_in_a_row must be at least 1"), "{found}");
    assert!(found.contains("breaker.one.open.growth must be a number of at least 1"), "{found}");
    assert!(found.contains("breaker.two unknown field `failures_in_a_raw`"), "{found}");
    assert_eq!(problems("[braker.one]\n"), "braker is no kind of policy");
}

#[test]
fn a_file_changes_policies_that_run_makes_new_ones_and_removes_the_rest() {
    let registry = load(TWO);
    let one: Breaker = registry.find("one").unwrap();
    registry
        .load_toml("[breaker.one]\nfailures_in_a_row = 7\n[breaker.three]\n", &Doors::default())
        .unwrap();
    assert_eq!(one.options().failures_in_a_row, Some(7));
    assert!(registry.find::<Breaker>("two").is_none());
    assert!(registry.find::<Breaker>("three").is_some());
}

#[test]
fn a_file_with_a_problem_changes_nothing() {
    let registry = load(TWO);
    let file = "[breaker.one]\nfailures_in_a_row = 7\n[breaker.two]\nfailures_in_a_row = 0\n";
    registry.load_toml(file, &Doors::default()).unwrap_err();
    let one: Breaker = registry.find("one").unwrap();
    assert_eq!(one.options().failures_in_a_row, Some(3));
}

#[test]
fn a_console_reads_the_state_of_every_policy() {
    let states = serde_json::to_value(load(TWO).states()).unwrap();
    assert_eq!(states[0]["kind"], "breaker");
    assert_eq!(states[0]["name"], "one");
    assert_eq!(states[0]["state"]["state"], "closed");
    assert_eq!(states[0]["state"]["phase"]["failures_in_a_row"], 0);
    assert_eq!(states[0]["options"]["open"]["lasts"], "30s");
    assert_eq!(states[1]["mode"], "observe");
}

#[test]
fn a_name_is_taken_once_for_each_kind() {
    let registry = load(TWO);
    let again = Breaker::new("one", ondol_resilience::BreakerOptions::default()).unwrap();
    assert!(matches!(registry.register(again.clone()), Err(RegisterError::Taken { .. })));
    assert!(registry.remove(Kind::Breaker, "one"));
    registry.register(again).unwrap();
}

#[test]
fn an_option_can_be_switched_off_in_a_file() {
    let rate = "failure_rate = { share = 0.5, minimum_calls = 10 }";
    let one: Breaker =
        load(&format!("[breaker.one]\nfailures_in_a_row = 'off'\n{rate}\n")).find("one").unwrap();
    assert_eq!(one.options().failures_in_a_row, None);
    let found = problems("[breaker.one]\nfailure_rate = { share = 0.5, minimum = 10 }\n");
    assert!(found.contains("unknown field `minimum`"), "{found}");
}

#[test]
fn options_survive_being_printed_and_read_again() {
    let registry = load(ALL);
    assert_eq!(registry.states().len(), 12, "one of each kind");
    for policy in registry.states() {
        let live = registry.get(policy.kind, &policy.name).unwrap();
        live.change_json(policy.options.clone()).unwrap();
        assert_eq!(live.options_json(), policy.options);
    }
}
