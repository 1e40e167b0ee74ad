//! The JSON test suite, file by file: what must be refused is refused, what must be taken is taken
//! but for what programs read in two ways, and of what is left open nothing is taken.

use std::fs;
use std::path::Path;

use ondol_http::read_json;
use serde_json::Value;

/// Texts that a parser must take and we refuse, and why.
const READ_IN_TWO_WAYS: &[(&str, &str)] = &[
    ("y_number_minus_zero.json", "the number -0 cannot be held exactly"),
    ("y_number_negative_zero.json", "the number -0 cannot be held exactly"),
    ("y_object_duplicated_key.json", "stands twice"),
    ("y_object_duplicated_key_and_value.json", "stands twice"),
];

/// The files whose names begin so, with what is in them.
fn files(prefix: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/json-test-suite");
    let entries = fs::read_dir(folder).expect("the suite is there");
    let names = entries.map(|entry| entry.expect("it can be listed").path());
    let mut files: Vec<_> = names
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            name.starts_with(prefix).then(|| (name, fs::read(&path).expect("it can be read")))
        })
        .collect();
    files.sort_unstable();
    files
}

/// What a text is answered: nothing, or the code and all that is said.
fn refused(text: &[u8]) -> Option<(&'static str, String)> {
    read_json::<Value>(text).err().map(|problem| (problem.code(), format!("{problem:?}")))
}

#[test]
fn all_188_texts_that_a_parser_must_refuse_are_refused() {
    let files = files("n_");
    assert_eq!(files.len(), 188);
    for (name, text) in files {
        assert_eq!(refused(&text).map(|found| found.0), Some("json-malformed"), "{name}");
    }
}

#[test]
fn all_95_texts_that_a_parser_must_take_are_taken_but_those_that_are_read_in_two_ways() {
    let files = files("y_");
    assert_eq!(files.len(), 95);
    for (name, text) in files {
        let expected = READ_IN_TWO_WAYS.iter().find(|(other, _)| *other == name);
        let found = refused(&text);
        assert_eq!(expected.is_some(), found.is_some(), "{name}: {found:?}");
        if let (Some((_, reason)), Some((code, said))) = (expected, found) {
            assert_eq!(code, "json-malformed", "{name}");
            assert!(said.contains(reason), "{name}: {said}");
        }
    }
}

#[test]
fn of_the_35_texts_that_parsers_treat_as_they_like_none_is_taken() {
    let files = files("i_");
    assert_eq!(files.len(), 35);
    for (name, text) in files {
        assert_eq!(refused(&text).map(|found| found.0), Some("json-malformed"), "{name}");
    }
}
