//! How quickly it is there, what the gateway shows, and whom the pages believe.

use ondol_testkit::browser::BrowserOptions;

use super::seat::{ENGLISH, Seat};

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
