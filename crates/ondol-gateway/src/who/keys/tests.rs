//! Files of keys.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderName;
use ondol_kernel::Timestamp;

use super::{Keys, KeysError};

fn hash(key: &str) -> String {
    digest(&SHA256, key.as_bytes()).as_ref().iter().fold("sha256:".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

fn keys_of(text: &str) -> Result<Keys, KeysError> {
    Keys::of("keys.toml", text, HeaderName::from_static("x-api-key"))
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

#[test]
fn a_key_is_known_by_its_hash_until_it_ends() {
    let text = format!(
        "[acme-1]\nhash = \"{}\"\nowner = \"acme\"\nscopes = [\"transfers\"]\nroles = [\"partner\"]\n\
         tenant = \"acme\"\nexpires = \"2027-01-01T00:00:00Z\"\n",
        hash("word")
    );
    let keys = keys_of(&text).expect("good keys");
    let before = moment("2026-12-31T23:59:59Z");
    let acme = keys.find(b"word", before).expect("a known key");
    assert_eq!((acme.subject.as_str(), acme.client.as_str()), ("acme", "acme-1"));
    assert!(acme.may("transfers") && acme.is("partner"));
    assert_eq!(acme.tenant.as_deref(), Some("acme"));
    assert!(keys.find(b"word", moment("2027-01-01T00:00:00Z")).is_err());
    for other in [&b"Word"[..], b"word ", b"", hash("word").as_bytes(), &[b'x'; 513]] {
        assert!(keys.find(other, before).is_err());
    }
}

#[test]
fn a_file_that_is_not_right_is_refused_whole() {
    let good = format!("[a]\nhash = \"{}\"\nowner = \"a\"\n", hash("a"));
    for (more, what) in [
        ("[b]\nhash = \"sha256:00\"\nowner = \"b\"\n".to_owned(), "has no hash"),
        (format!("[b]\nhash = \"{}\"\nowner = \"b\"\n", &hash("b")[7..]), "has no hash"),
        (format!("[b]\nhash = \"{}é\"\nowner = \"b\"\n", &hash("b")[..69]), "has no hash"),
        (format!("[b]\nhash = \"{}\"\nowner = \"\"\n", hash("b")), "has no owner"),
        (format!("[b]\nhash = \"{}\"\nowner = \"b\"\nexpires = \"soon\"\n", hash("b")), "moment"),
        (format!("[b]\nhash = \"{}\"\nowner = \"b\"\n", hash("a")), "is another key"),
        (format!("[b]\nhash = \"{}\"\nkey = \"b\"\n", hash("b")), "not a file of keys"),
    ] {
        let error = keys_of(&format!("{good}{more}")).expect_err("a refusal");
        assert!(error.to_string().contains(what), "{error}");
    }
}
