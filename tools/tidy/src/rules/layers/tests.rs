//! Dependencies that point outwards.

use crate::rules::made_up::workspace;
use crate::workspace::DependencyKind;

#[test]
fn a_port_may_not_depend_on_an_adapter() {
    let broken = workspace().with_member("ondol-store-disk", "crates/ondol-store-disk", "adapter");
    let broken = broken.depends("ondol-store", "ondol-store-disk", DependencyKind::Normal);
    assert_eq!(
        broken.findings("layers"),
        [
            "crates/ondol-store/Cargo.toml:1: ondol-store (port) may not depend on ondol-store-disk (adapter) [layers]"
        ]
    );
}

#[test]
fn an_adapter_may_depend_on_a_port() {
    let good = workspace().with_member("ondol-store-disk", "crates/ondol-store-disk", "adapter");
    let good = good.depends("ondol-store-disk", "ondol-store", DependencyKind::Normal);
    assert!(good.findings("layers").is_empty());
}

#[test]
fn a_build_script_keeps_the_layers_and_a_test_need_not() {
    let build = workspace().depends("ondol-store", "xtask", DependencyKind::Build);
    assert_eq!(build.findings("layers").len(), 1);
    let test = workspace().depends("ondol-store", "xtask", DependencyKind::Dev);
    assert!(test.findings("layers").is_empty());
}

#[test]
fn every_member_declares_a_layer_that_exists() {
    let mut none = workspace();
    none.members[0].layer = None;
    assert!(none.findings("layers")[0].contains("does not declare its layer"));
    let strange = workspace().with_member("odd", "crates/odd", "basement");
    assert!(strange.findings("layers")[0].contains("`basement` is no layer"));
}
