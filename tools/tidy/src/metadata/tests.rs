//! A piece of real output.

use super::*;

#[test]
fn members_are_read_from_cargos_words() {
    let json = br#"{"workspace_root":"/w","packages":[{"name":"bank-domain","manifest_path":"/w/systems/bank/domain/Cargo.toml",
        "metadata":{"ondol":{"layer":"domain","benches":["decide"]}},
        "dependencies":[{"name":"serde","kind":null},{"name":"proptest","kind":"dev"}],
        "targets":[{"src_path":"/w/systems/bank/domain/src/lib.rs"}]}]}"#;
    let members = members(json).expect("well formed");
    let bank = &members[0];
    assert_eq!(
        (bank.name.as_str(), bank.folder.as_str(), bank.layer.as_deref()),
        ("bank-domain", "systems/bank/domain", Some("domain"))
    );
    assert_eq!(bank.benches, ["decide"]);
    assert_eq!(bank.targets, [Target { path: "systems/bank/domain/src/lib.rs".into() }]);
    let kinds: Vec<_> = bank.dependencies.iter().map(|dependency| dependency.kind).collect();
    assert_eq!(kinds, [DependencyKind::Normal, DependencyKind::Dev]);
}
