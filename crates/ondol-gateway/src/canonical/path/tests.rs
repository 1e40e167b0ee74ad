//! The one form of a path.

use proptest::prelude::*;

use super::canonical_path;

fn form(path: &str) -> Option<String> {
    match canonical_path(path.as_bytes()) {
        Ok(None) => Some(path.to_owned()),
        Ok(Some(form)) => Some(String::from_utf8(form).expect("a path of ASCII")),
        Err(_) => None,
    }
}

#[test]
fn what_means_the_same_is_written_the_same() {
    for (path, canonical) in [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("//a///b/", "/a/b/"),
        ("/%61%2D%7e", "/a-~"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/a%20b", "/a%20b"),
        ("/.well-known/x", "/.well-known/x"),
        ("/a..b/...", "/a..b/..."),
    ] {
        assert_eq!(form(path).as_deref(), Some(canonical), "{path}");
    }
}

proptest! {
    #[test]
    fn the_canonical_form_is_its_own_and_hides_nothing(path in "(/|//|\\.|\\.\\.|%2e|%2E|%2f|%5c|;|%00|%[0-9a-fA-F]{2}|[a-zA-Z0-9._~-]){0,12}") {
        if let Some(canonical) = form(&format!("/{path}")) {
            prop_assert_eq!(form(&canonical), Some(canonical.clone()));
            prop_assert!(!canonical.contains("//") && !canonical.contains([';', '\\']));
            prop_assert!(!canonical.split('/').any(|segment| matches!(segment, "." | "..")));
            let lower = canonical.to_lowercase();
            prop_assert!(!["%2e", "%2f", "%5c", "%3b", "%00"].iter().any(|bad| lower.contains(bad)));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(path: Vec<u8>) {
        if let Ok(Some(form)) = canonical_path(&path) {
            prop_assert!(form.iter().all(u8::is_ascii_graphic));
        }
    }
}
