//! Buying, from the first page to the door, with what becomes of it shown live.

use ondol_testkit::browser::BrowserOptions;

use super::seat::{ENGLISH, KOREAN, Seat};
use super::town::Patience;

#[test]
fn an_order_is_found_bought_and_followed_to_the_door_in_korean() {
    let options = BrowserOptions { languages: KOREAN, ..BrowserOptions::default() };
    let mut seat = Seat::take("korean", options);
    seat.go("/");
    assert_eq!(seat.look("location.pathname"), "/shop");
    seat.until_text("인기 상품");
    seat.sees("home");
    seat.signs_in();
    seat.until_text("김온돌");

    // What is typed is found as it is typed, by initial consonants as well.
    seat.go("/shop/products");
    seat.fill("#q", "ㄴㅊ");
    seat.until_text("제주 녹차");
    seat.until("!document.body.innerText.includes('무쇠 주전자')");
    seat.sees("search");
    seat.follow("ul.goods a");
    seat.sees("product");
    seat.fill("#pieces", "2");
    seat.follow(".put button");
    seat.until_text("₩30,000");
    seat.sees("cart");
    let order = seat.buys("card-good", "SEOUL-04");
    seat.sees("order-begun");

    // Nobody loads the page again: it tells by itself.
    seat.look("window.stayed = true");
    seat.until_text("도착했습니다");
    seat.until("document.querySelectorAll('.steps .done').length == 6");
    assert_eq!(seat.look("window.stayed"), true);
    seat.sees("order-delivered");
    assert!(seat.town.payments(&order).contains("\"captured\""));

    // Back in time: at its first event it was only received.
    seat.look(
        "(() => { const it = document.querySelector('#version'); it.value = 1; \
         it.dispatchEvent(new Event('input', { bubbles: true })); })()",
    );
    seat.until("document.querySelector('#then .state').innerText == '접수됨'");
    seat.sees("order-then");
    seat.go("/shop/orders");
    seat.until_text("배송 완료");
    seat.sees("orders");
}

#[test]
fn the_pages_work_by_keyboard_in_english_in_the_dark_on_a_phone() {
    let options = BrowserOptions {
        languages: ENGLISH,
        width: 390,
        height: 844,
        dark: true,
        ..BrowserOptions::default()
    };
    let mut seat = Seat::take("phone", options);
    seat.signs_in();
    seat.sees("home");
    seat.puts("Chamomile", 1);
    seat.sees("cart");
    // From the top of the page to the button that buys, with nothing but Tab, and Enter.
    seat.look("document.activeElement.blur()");
    let mut pressed = 0;
    while seat.look("document.activeElement.matches('.buy button')") != true {
        seat.browser.press("Tab").expect("a key");
        pressed += 1;
        assert!(pressed < 60, "the button cannot be reached");
    }
    seat.browser.enter().expect("a page");
    seat.until_text("It has arrived");
    seat.sees("order");
    seat.go("/shop/orders");
    seat.sees("orders");
}

#[test]
fn the_pages_are_whole_without_a_script() {
    let options =
        BrowserOptions { languages: ENGLISH, scripts: false, ..BrowserOptions::default() };
    let mut seat = Seat::take("plain", options);
    seat.signs_in();
    seat.puts("Chamomile", 1);
    let order = seat.buys("card-good", "SEOUL-04");
    let path = format!("/shop/orders/{order}");
    let patience = Patience::new();
    while !seat.text().contains("It has arrived") {
        assert!(!patience.is_over(), "it has not arrived: {}", seat.text());
        seat.go(&path);
    }
    seat.go(&format!("{path}?version=1"));
    seat.until_text("Received");
    seat.sees("order-then");
}
