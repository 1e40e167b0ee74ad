//! Every code has its page, and no page of the log is without a code.

use std::collections::BTreeSet;
use std::path::Path;

fn codes_of(source: &str) -> BTreeSet<&str> {
    source.split('"').skip(1).step_by(2).collect()
}

#[test]
fn every_code_has_a_page_that_says_what_happened_what_is_seen_and_what_to_do() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let codes = codes_of(include_str!("../code.rs"));
    assert!(codes.len() > 20, "found {codes:?}");
    for code in codes {
        let page = std::fs::read_to_string(pages.join(format!("{code}.md")));
        let page = page.unwrap_or_else(|error| panic!("the page of {code}: {error}"));
        assert!(page.starts_with(&format!("# {code}\n")), "the title of {code}");
        for part in ["## What happened\n", "## What you see\n", "## What to do\n"] {
            assert!(page.contains(part), "{code} has no part {part:?}");
        }
    }
}
