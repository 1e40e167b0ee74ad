//! The map of the bank as it stands in the documents.

use std::path::{Path, PathBuf};

use ondol::Map;
use ondol_testkit::current::is_current;

fn docs(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/guide/src/maps").join(file)
}

#[test]
fn the_map_in_the_documents_is_the_current_one() {
    let map = Map::of(&bank::app()).unwrap();
    is_current(&docs("bank.svg"), &map.svg());
    is_current(&docs("bank.mmd"), &map.mermaid());
}
