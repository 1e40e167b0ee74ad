//! C9: a file with a secret that is not kept to its owner is none, whatever the secret is for.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ondol_vault::{SECRET_BYTES_MAX, SecretFileError, read_or_make_secret, read_secret};
use zeroize::Zeroizing;

fn file(folder: &Path, bytes: &[u8], mode: u32) -> PathBuf {
    let path = folder.join("a.secret");
    fs::write(&path, bytes).expect("it can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    path
}

fn new(byte: u8) -> impl FnOnce() -> Zeroizing<Vec<u8>> {
    move || Zeroizing::new(vec![byte; 32])
}

#[test]
fn c9_a_secret_that_others_can_read_is_refused_and_never_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601, 0o666] {
        let path = file(folder.path(), b"open", mode);
        for read in [read_secret(&path), read_or_make_secret(&path, new(1))] {
            let error = read.expect_err("it is open to others");
            assert!(matches!(error, SecretFileError::OpenToOthers { .. }), "{mode:o}: {error}");
        }
        assert_eq!(fs::read(&path).expect("it is ours"), b"open", "{mode:o}: left as it was");
    }
    let own = file(folder.path(), b"kept", 0o600);
    assert_eq!(*read_secret(&own).expect("it is kept to its owner"), b"kept");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&own, &link).expect("it can be made");
    for (what, path) in [("a link", link.as_path()), ("a folder", folder.path())] {
        let error = read_secret(path).expect_err(what);
        assert!(matches!(error, SecretFileError::OpenToOthers { .. }), "{what}: {error}");
    }
}

#[test]
fn a_secret_is_made_once_for_its_owner_and_is_the_same_from_then_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/a.secret");
    assert!(read_secret(&path).expect_err("there is none").is_missing());
    let made = read_or_make_secret(&path, new(7)).expect("it is made");
    assert_eq!(*made, vec![7; 32]);
    let again = read_or_make_secret(&path, new(8)).expect("it is read");
    assert_eq!(*again, vec![7; 32], "it stays the same");
    let mode = fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let left = fs::read_dir(path.parent().expect("a folder")).expect("it is ours");
    assert_eq!(left.count(), 1, "nothing is left beside it");
}

#[test]
fn what_is_too_long_for_a_secret_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let most = usize::try_from(SECRET_BYTES_MAX).expect("it is small");
    let path = file(folder.path(), &vec![b'x'; most], 0o600);
    assert_eq!(read_secret(&path).expect("it is read").len(), most);
    let path = file(folder.path(), &vec![b'x'; most + 1], 0o600);
    assert!(matches!(read_secret(&path), Err(SecretFileError::TooLong { .. })));
}
