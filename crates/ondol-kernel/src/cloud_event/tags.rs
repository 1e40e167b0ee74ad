//! Tags in one attribute: separated by commas, with commas and percent signs inside escaped.

use crate::{NameError, Tag};

/// All tags as one text, unless there are none.
pub(super) fn join(tags: &[Tag]) -> Option<String> {
    let escaped = |tag: &Tag| tag.as_str().replace('%', "%25").replace(',', "%2C");
    (!tags.is_empty()).then(|| tags.iter().map(escaped).collect::<Vec<_>>().join(","))
}

/// The tags in the text.
pub(super) fn split(text: Option<&str>) -> Result<Vec<Tag>, NameError> {
    let tag = |part: &str| part.replace("%2C", ",").replace("%25", "%").parse();
    text.map_or_else(|| Ok(Vec::new()), |text| text.split(',').map(tag).collect())
}
