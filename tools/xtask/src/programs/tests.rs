//! Registrations, right and wrong.

use serde_json::json;

use super::*;

fn package(name: &str, benches: &[&str], targets: &[&str]) -> Value {
    let targets: Vec<_> =
        targets.iter().map(|name| json!({ "kind": ["bench"], "name": name })).collect();
    json!({ "name": name, "targets": targets, "metadata": { "ondol": { "layer": "port", "benches": benches } } })
}

#[test]
fn registered_programs_are_found_by_name() {
    let workspace = Workspace::made_up(&json!([
        package("ondol-store", &["store"], &["store", "scratch"]),
        package("ondol-gateway", &["gateway"], &["gateway"]),
        { "name": "bank", "targets": [], "metadata": null },
    ]));
    let found = find(&workspace, Kind::Bench).expect("all right");
    let names: Vec<_> =
        found.iter().map(|program| (program.name.as_str(), program.package.as_str())).collect();
    assert_eq!(names, [("gateway", "ondol-gateway"), ("store", "ondol-store")]);
    assert_eq!(find(&workspace, Kind::Torture).expect("none"), []);
}

#[test]
fn a_registration_without_a_target_is_a_mistake() {
    let workspace = Workspace::made_up(&json!([package("ondol-store", &["store"], &[])]));
    let error = find(&workspace, Kind::Bench).expect_err("no target").to_string();
    assert_eq!(error, "ondol-store registers the bench `store` but has no such [[bench]]");
}

#[test]
fn two_programs_of_one_name_are_a_mistake() {
    let workspace = Workspace::made_up(&json!([
        package("a", &["store"], &["store"]),
        package("b", &["store"], &["store"])
    ]));
    let error = find(&workspace, Kind::Bench).expect_err("twice").to_string();
    assert_eq!(error, "b and a both register the bench `store`");
}

#[test]
fn a_misspelt_name_is_guessed() {
    let all = vec![Program { package: "ondol-store".into(), name: "store".into() }];
    let error = choose(all, Kind::Bench, Some("stroe")).expect_err("misspelt").to_string();
    assert_eq!(error, "there is no bench `stroe`; did you mean `store`?");
}
