//! C9: a master key that is not kept to its owner is none.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ondol_doors::SystemRng;
use ondol_vault::{MasterKeyError, MasterKeys, SecretFileError};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

fn file(folder: &Path, text: &str, mode: u32) -> std::path::PathBuf {
    let path = folder.join("master.key");
    fs::write(&path, text).expect("it can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    path
}

#[test]
fn c9_a_master_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601, 0o666, 0o660] {
        let path = file(folder.path(), &format!("1 {KEY}\n"), mode);
        let error = MasterKeys::open(&path).expect_err("it is open to others");
        assert!(
            matches!(error, MasterKeyError::Secret(SecretFileError::OpenToOthers { .. })),
            "{mode:o}: {error}"
        );
    }
    for mode in [0o600, 0o400] {
        let path = file(folder.path(), &format!("1 {KEY}\n"), mode);
        assert!(MasterKeys::open(&path).is_ok(), "{mode:o}");
        fs::remove_file(path).expect("it is ours");
    }
}

#[test]
fn c9_what_is_no_key_is_refused_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let zeros = "A".repeat(43);
    let rows = [
        ("nothing", String::new()),
        ("zeros", format!("1 {zeros}\n")),
        ("short", format!("1 {}\n", &KEY[..42])),
        ("31 bytes", "1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ\n".to_owned()),
        ("long", format!("1 {KEY}AQEB\n")),
        ("padded", format!("1 {KEY}=\n")),
        ("no generation", format!("{KEY}\n")),
        ("a word as generation", format!("one {KEY}\n")),
        ("generations out of order", format!("2 {KEY}\n1 {KEY}\n")),
        ("a generation twice", format!("1 {KEY}\n1 {KEY}\n")),
        ("too many", (1..=17).map(|at| format!("{at} {KEY}\n")).collect()),
    ];
    for (row, text) in rows {
        let path = file(folder.path(), &text, 0o600);
        let error = MasterKeys::open(&path).expect_err(row);
        assert!(matches!(error, MasterKeyError::Line { .. }), "{row}: {error}");
        assert!(!format!("{error} {error:?}").contains(&KEY[..20]), "{row}: the key is told");
    }
}

#[test]
fn c9_a_missing_key_is_not_made_by_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("none.key");
    let missing = MasterKeys::open(&path).expect_err("there is none");
    assert!(matches!(missing, MasterKeyError::Secret(error) if error.is_missing()));
    assert!(!path.exists());
    let made = MasterKeys::create(&path, &SystemRng).expect("it can be made");
    assert_eq!(made.generation(), 1);
    let mode = fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(matches!(MasterKeys::create(&path, &SystemRng), Err(MasterKeyError::Exists { .. })));
}

#[test]
fn c9_a_link_to_a_key_is_no_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(folder.path(), &format!("1 {KEY}\n"), 0o600);
    let link = folder.path().join("link.key");
    std::os::unix::fs::symlink(path, &link).expect("it can be made");
    assert!(matches!(
        MasterKeys::open(&link),
        Err(MasterKeyError::Secret(SecretFileError::OpenToOthers { .. }))
    ));
}
