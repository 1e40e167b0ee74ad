//! How quickly it is there, what the gateway shows, and whom the pages believe.

use std::path::Path;

use ondol_testkit::browser::BrowserOptions;

use super::seat::{ENGLISH, SHOWN, Seat};
use super::stranger::Stranger;
use super::town::Town;

/// How large a picture in the documents may be.
const PICTURE_BYTES_MAX: u64 = 80 << 10;

#[test]
fn language_and_region_are_chosen_on_every_page_and_stay() {
    let options = BrowserOptions { languages: ENGLISH, ..BrowserOptions::default() };
    let mut seat = Seat::take("choice", options);
    seat.go("/shop/products?q=Chamomile");
    seat.until_text("₩9,800");
    seat.look("document.querySelector('#region').value = 'US'");
    seat.follow("footer form:has(#region) button");
    seat.until_text("$7.04");
    seat.follow("footer form:has([name=lang]) button");
    seat.until_text("캐모마일");
    assert_eq!(seat.look("document.documentElement.lang"), "ko");
    assert!(seat.text().contains("$7.04"), "{}", seat.text());
}

#[test]
fn the_documents_show_pictures_that_these_tests_have_made_and_small_ones() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |file: &str| std::fs::read_to_string(house.join(file)).expect("a document");
    let documents = ["README.md", "README.ko.md", "docs/guide/src/shop.md"].map(read).concat();
    for name in SHOWN {
        let picture = house.join(format!("docs/guide/src/images/{name}.webp"));
        let bytes = std::fs::metadata(&picture).expect("it is there").len();
        assert!(bytes <= PICTURE_BYTES_MAX, "{name} has {bytes} bytes");
        assert!(documents.contains(&format!("images/{name}.webp")), "nobody shows {name}");
    }
}

#[test]
fn the_program_alone_is_a_whole_shop() {
    let town = Town::begin_bare();
    let nobody = Stranger::nobody(&town);
    nobody.finds("The last moon jar");
    let home = nobody.get("/shop");
    assert_eq!(home.status, 200, "{home:?}");
    assert!(home.text.contains("Jeju green tea"), "{}", home.text);
}
