//! What people see when something goes wrong: outside, and here.

use ondol_testkit::browser::BrowserOptions;

use super::seat::{ENGLISH, KOREAN, Seat};
use super::town::Patience;

fn seat(name: &str, languages: &'static str) -> Seat {
    let mut seat = Seat::take(name, BrowserOptions { languages, ..BrowserOptions::default() });
    seat.signs_in();
    seat
}

#[test]
fn a_payment_that_is_refused_is_told_in_words_and_costs_nothing() {
    let mut seat = seat("refused", KOREAN);
    seat.puts("Chamomile", 1);
    let order = seat.buys("card-declined", "SEOUL-04");
    seat.until_text("결제가 거절되었습니다. 결제된 금액은 없으니 다른 카드를 써 보세요.");
    seat.until_text("취소되었습니다");
    seat.sees("order");
    assert!(!seat.town.payments(&order).contains("\"captured\""));
}

#[test]
fn what_others_have_bought_is_told_in_words_and_costs_nothing() {
    let mut seat = seat("sold-out", ENGLISH);
    seat.puts("The last moon jar", 2);
    let order = seat.buys("card-good", "SEOUL-04");
    seat.until_text("Others were quicker");
    seat.sees("order");
    assert!(!seat.town.payments(&order).contains("\"id\""));
    seat.go("/shop/cart");
    seat.until_text("Your cart is empty.");
    seat.go("/shop/products/no-such-thing");
    seat.until_text("There is nothing here.");
    seat.sees("nothing");
}

#[test]
fn while_the_payment_company_is_down_the_page_says_so_and_goes_on_by_itself() {
    let mut seat = seat("down", ENGLISH);
    seat.town.set("payment", r#"{"is_out":true}"#);
    seat.puts("Pu-erh tea", 1);
    let order = seat.buys("card-good", "SEOUL-04");
    seat.look("window.stayed = true");
    seat.until_text("The payment company does not answer at the moment.");
    seat.sees("waiting");
    seat.town.set("payment", r#"{"is_out":false}"#);
    seat.until_text("It has arrived");
    assert_eq!(seat.look("window.stayed"), true);
    seat.sees("delivered");
    assert!(seat.town.payments(&order).contains("\"captured\""));

    // What waits can be called off, and is never paid.
    seat.town.set("payment", r#"{"is_out":true}"#);
    seat.puts("Pu-erh tea", 1);
    let order = seat.buys("card-good", "SEOUL-04");
    seat.until_text("The goods were set aside");
    seat.until_text("The payment company does not answer at the moment.");

    // It is the same button while the page is told anew, however often.
    seat.look(
        "document.querySelector('#calling-off').was_there = true; \
         document.querySelector('#story ol').was_there = true; \
         htmx.trigger('#story', 'sse:flow')",
    );
    seat.until("!document.querySelector('#story ol').was_there");
    assert_eq!(seat.look("document.querySelector('#calling-off').was_there"), true);
    seat.follow("button.grave");
    seat.until_text("You have cancelled it.");
    seat.sees("cancelled");
    seat.town.set("payment", r#"{"is_out":false}"#);
    assert!(!seat.town.payments(&order).contains("\"captured\""));
}

#[test]
fn a_checkout_outlives_the_whole_program_being_killed_in_the_middle_of_it() {
    let mut seat = seat("killed", ENGLISH);
    seat.town.set("payment", r#"{"latency_ms":1500}"#);
    seat.puts("Brass bowl set", 1);
    let order = seat.buys("card-good", "SEOUL-04");
    seat.town.kill();
    assert!(seat.town.start(), "it comes up again");
    let patience = Patience::new();
    seat.go(&format!("/shop/orders/{order}"));
    while !seat.text().contains("It has arrived") {
        assert!(!patience.is_over(), "it has not ended: {}", seat.text());
    }
    seat.sees("order");
    let payments = seat.town.payments(&order);
    assert_eq!(payments.matches("\"captured\"").count(), 1, "{payments}");
    assert_eq!(payments.matches("\"id\"").count(), 1, "paid once: {payments}");
    seat.go("/shop/products?q=Brass+bowl");
    seat.follow("ul.goods a");
    seat.until_text("4 left in stock");
}
