//! Links to things that moved.

use crate::rules::made_up::workspace;

fn findings(text: &str) -> Vec<String> {
    workspace()
        .file("docs/guide.md", &format!("# Guide\n{text}\n## Next Steps\n"))
        .findings("links")
}

#[test]
fn links_are_relative_to_their_document() {
    assert!(
        findings("[map](../ARCHITECTURE.md) [adr](adr/) [all](adr/README.md) [root](/README.md)")
            .is_empty()
    );
    assert_eq!(
        findings("[map](ARCHITECTURE.md)"),
        [
            "docs/guide.md:2: `ARCHITECTURE.md` leads nowhere: there is no docs/ARCHITECTURE.md [links]"
        ]
    );
}

#[test]
fn headings_exist() {
    assert!(findings("[below](#next-steps) [map](../ARCHITECTURE.md#code-map)").is_empty());
    assert_eq!(findings("[below](#first-steps)").len(), 1);
    assert_eq!(findings("[map](../ARCHITECTURE.md#treasure)").len(), 1);
}

#[test]
fn other_sites_are_not_our_business() {
    assert!(findings("[site](https://example.org/x.md) [mail](mailto:a@example.org)").is_empty());
}

#[test]
fn a_definition_is_a_link_too() {
    assert_eq!(findings("See [plan].\n\n[plan]: plan.md").len(), 1);
}
