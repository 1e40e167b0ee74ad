//! No case is forgotten: each is in the list, and each promise names cases that exist.

use std::collections::BTreeSet;
use std::path::Path;

fn source(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path);
    std::fs::read_to_string(path).expect("the sources are beside the tests")
}

fn cases() -> BTreeSet<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance");
    let mut cases = BTreeSet::new();
    for entry in std::fs::read_dir(dir).expect("the cases are there") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(path).expect("the cases can be read");
        let names = text.lines().filter_map(|line| line.strip_prefix("pub async fn "));
        cases
            .extend(names.filter_map(|rest| rest.split_once('<')).map(|(name, _)| name.to_owned()));
    }
    cases
}

#[test]
fn every_case_is_in_the_list() {
    let list = source("conformance/list.rs");
    let listed: BTreeSet<_> = list.split_whitespace().map(str::to_owned).collect();
    let cases = cases();
    assert!(cases.len() >= 120, "found {}", cases.len());
    let missing: Vec<_> = cases.difference(&listed).collect();
    assert!(missing.is_empty(), "not in the list: {missing:?}");
}

#[test]
fn every_promise_names_cases_that_exist() {
    let text = source("conformance.rs");
    let rows = text.lines().filter(|line| line.starts_with("//! | ") && line.contains('`'));
    let cases = cases();
    let mut named = 0;
    for row in rows {
        for name in row.split('`').skip(1).step_by(2) {
            assert!(cases.contains(name), "no case is called {name}");
            named += 1;
        }
    }
    assert!(named > 40, "found {named}");
}
