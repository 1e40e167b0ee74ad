//! Documents with everything in them.

use super::*;

const TEXT: &str = "# Title\n\n## Map\nintro\n### `a`\nText of a,\nsee [b](b.md#top) and `[no](no.md)`.\n### b\n\n## Rules\n- **One.** *kept by* `x`\n  goes on\n- Two\n\n```sh\n# not a heading\n[no](no.md)\n```\n[ref]: other.md\n";

#[test]
fn headings_in_code_are_no_headings() {
    let document = Markdown::new(TEXT);
    let titles: Vec<_> =
        document.headings().iter().map(|heading| (heading.level, heading.title)).collect();
    assert_eq!(titles, [(1, "Title"), (2, "Map"), (3, "a"), (3, "b"), (2, "Rules")]);
}

#[test]
fn a_section_ends_at_the_next_of_its_level() {
    let document = Markdown::new(TEXT);
    let (line, map) = document.section(2, "Map").expect("it is there");
    assert_eq!((line, map.headings().len()), (3, 2));
    let text = |title| map.section(3, title).expect("a heading").1.has_text();
    assert!(text("a") && !text("b"));
}

#[test]
fn items_go_on_over_lines() {
    let document = Markdown::new(TEXT);
    let items = document.section(2, "Rules").expect("it is there").1.items();
    assert_eq!(items[0], At { line: 11, what: "**One.** *kept by* `x` goes on".to_owned() });
    assert_eq!(items.len(), 2);
}

#[test]
fn links_in_code_are_no_links() {
    let links: Vec<_> = Markdown::new(TEXT).links().into_iter().map(|link| link.what).collect();
    assert_eq!(links, ["b.md#top", "other.md"]);
}

#[test]
fn headings_have_anchors() {
    assert_eq!(anchor("What it is, and is not"), "what-it-is-and-is-not");
    assert_eq!(anchor("온돌 지도"), "온돌-지도");
}

#[test]
fn words_in_backticks_are_found() {
    assert_eq!(ticked("by `a` and `b::c`.").collect::<Vec<_>>(), ["a", "b::c"]);
    assert_eq!(without_ticks("by `a` and b"), "by ` and b");
}
