//! What the guide shows can be used as it stands.

use std::{fs, path::Path};

use ondol_resilience::{Doors, Registry};

#[test]
fn every_file_that_the_guide_shows_is_a_good_one() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/src/resilience");
    let mut shown = 0;
    for page in fs::read_dir(guide).unwrap() {
        let page = page.unwrap().path();
        if page.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let text = fs::read_to_string(&page).unwrap();
        for file in text.split("```toml\n").skip(1) {
            let file = file.split("```").next().unwrap();
            let loaded = Registry::from_toml(file, &Doors::default());
            assert!(loaded.is_ok(), "{}: {loaded:?}", page.display());
            shown += 1;
        }
    }
    assert!(shown >= 12, "each pattern shows one: {shown}");
}
