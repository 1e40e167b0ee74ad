//! Files of authorities, good and bad.

use super::*;

fn authority() -> String {
    let key = rcgen::KeyPair::generate().expect("a key is made");
    let mut parameters = rcgen::CertificateParams::default();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    parameters.self_signed(&key).expect("a certificate is made").pem()
}

fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("roots.pem");
    std::fs::write(&path, text).expect("it is written");
    let path = path.to_str().expect("a plain path").to_owned();
    (folder, path)
}

#[test]
fn all_authorities_of_a_file_are_trusted() {
    let (_folder, path) = file(&format!("{}\n{}", authority(), authority()));
    assert_eq!(load(Some(&path)).expect("they are read").len(), 2);
}

#[test]
fn a_file_that_is_not_there_or_holds_none_is_refused_by_its_name() {
    let (_folder, empty) = file("hello\n");
    let (_folder, cut) = file(&authority()[..200]);
    for path in [empty.as_str(), cut.as_str(), "/no/such/file.pem"] {
        let error = load(Some(path)).expect_err("there is nothing in it");
        assert_eq!(error.code(), "postgres-root-certificates");
        assert!(error.to_string().contains(path), "{error}");
    }
}

#[test]
fn the_systems_authorities_are_those_of_the_first_file_there_is() {
    let (_folder, first) = file(&authority());
    let (_folder, second) = file(&format!("{}\n{}", authority(), authority()));
    let found = of_system(&["/no/such/file.pem", &first, &second]);
    assert_eq!(found.expect("they are read").len(), 1);
    of_system(&["/no/such/file.pem"]).expect_err("there is none");
}
