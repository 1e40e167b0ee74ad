//! Every code that a caller may see has its page.

use std::path::Path;

use ondol_resilience::Reason;

#[test]
fn every_reason_has_a_page_that_says_what_happened_what_one_sees_and_what_to_do() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    for reason in Reason::ALL {
        let page = pages.join(format!("{}.md", reason.code()));
        let text = std::fs::read_to_string(&page)
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", page.display()));
        for part in ["# ", "## What happened", "## What you see", "## What to do"] {
            assert!(text.contains(part), "{} has no `{part}`", page.display());
        }
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
    }
}
