//! The key of the pages: what it seals, and when it is none.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use ondol_doors::SystemRng;

use super::{KeyError, Sealer};

#[test]
fn what_one_key_has_sealed_no_other_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let sealer = Sealer::open(&at("web.key"), &SystemRng).expect("it is made");
    let sealed = sealer.seal("a cookie", &"kim").expect("it can be sealed");
    let again = Sealer::open(&at("web.key"), &SystemRng).expect("it is read");
    assert_eq!(again.unseal::<String>("a cookie", &sealed).as_deref(), Some("kim"));
    assert_eq!(again.unseal::<String>("another", &sealed), None, "it is for one thing only");
    let other = Sealer::open(&at("other.key"), &SystemRng).expect("it is made");
    assert_eq!(other.unseal::<String>("a cookie", &sealed), None);
}

#[test]
fn a_key_that_others_can_read_or_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("web.key");
    drop(Sealer::open(&path, &SystemRng).expect("it is made"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("it is ours");
    assert!(matches!(Sealer::open(&path, &SystemRng), Err(KeyError::File(_))));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    for bytes in [vec![0; 32], vec![7; 31], vec![7; 33], Vec::new()] {
        fs::write(&path, &bytes).expect("it is ours");
        assert!(matches!(Sealer::open(&path, &SystemRng), Err(KeyError::NoKey { .. })));
    }
}
