//! What a product does, told as stories a shopkeeper can check.

use ondol_kernel::{Currency, Money};
use ondol_testkit::Story;
use shop_domain::product::{
    Command, Event, Language, NAME_CHARACTERS_MAX, Names, PRICES_MAX, Product, Refusal,
};

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn names() -> Names {
    Names::from([(Language::Ko, "녹차".to_owned()), (Language::En, "Green tea".to_owned())])
}

fn list(names: Names, price: Money) -> Command {
    Command::List { names, category: "tea".to_owned(), price }
}

fn listed() -> Event {
    Event::Listed { names: names(), category: "tea".to_owned(), price: won(15_000) }
}

#[test]
fn a_product_is_listed_once() {
    Story::<Product>::new()
        .when(list(names(), won(15_000)))
        .then([listed()])
        .when(list(names(), won(15_000)))
        .nothing_happens()
        .when(list(names(), won(14_000)))
        .refused(Refusal::ListedAlready);
}

#[test]
fn what_is_withdrawn_can_be_brought_back() {
    let story = Story::<Product>::given([listed()])
        .when(Command::Withdraw)
        .then([Event::Withdrawn])
        .when(Command::Withdraw)
        .nothing_happens();
    assert_eq!(story.state().price_in(Currency::KRW), None, "it is sold no more");
    let story = story.when(Command::BringBack).then([Event::BroughtBack]);
    assert_eq!(story.state().price_in(Currency::KRW), Some(won(15_000)));
}

#[test]
fn a_price_is_set_by_currency_and_more_than_nothing() {
    let cents = Money::new(11_99, Currency::USD);
    let story = Story::<Product>::given([listed()])
        .when(Command::Price { price: cents })
        .then([Event::Priced { price: cents }])
        .when(Command::Price { price: cents })
        .nothing_happens()
        .when(Command::Price { price: won(0) })
        .refused(Refusal::NotAPrice { price: won(0) });
    assert_eq!(story.state().price_in(Currency::USD), Some(cents));
    assert_eq!(story.state().price_in(Currency::EUR), None);
}

#[test]
fn a_product_has_prices_in_so_many_currencies() {
    let codes = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN \
                 BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP";
    let priced = codes
        .split(' ')
        .map(|code| Event::Priced { price: Money::new(1, code.parse().expect("a currency")) });
    Story::<Product>::given([listed()].into_iter().chain(priced))
        .when(Command::Price { price: Money::new(1, Currency::EUR) })
        .refused(Refusal::TooManyPrices { most: PRICES_MAX })
        .when(Command::Price { price: won(1) })
        .then([Event::Priced { price: won(1) }]);
}

#[test]
fn a_name_says_something_in_few_words_and_in_korean_at_least() {
    let named = |name: &str| Names::from([(Language::Ko, name.to_owned())]);
    let long = "가".repeat(NAME_CHARACTERS_MAX as usize + 1);
    for (name, found) in [("", 0), ("  ", 0), (long.as_str(), NAME_CHARACTERS_MAX + 1)] {
        let refusal = Refusal::NotAName { most: NAME_CHARACTERS_MAX, found };
        Story::<Product>::new().when(list(named(name), won(1))).refused(refusal.clone());
        let rename = Command::Rename { language: Language::En, name: name.to_owned() };
        Story::<Product>::given([listed()]).when(rename).refused(refusal);
    }
    let english = Names::from([(Language::En, "Green tea".to_owned())]);
    let refusal = Refusal::NoFirstName { language: Language::Ko };
    Story::<Product>::new().when(list(english, won(1))).refused(refusal);
}

#[test]
fn a_product_that_nobody_listed_does_nothing() {
    for command in [Command::Withdraw, Command::BringBack, Command::Price { price: won(1) }] {
        Story::<Product>::new().when(command).refused(Refusal::NotListed);
    }
}

#[test]
fn a_name_is_changed_in_one_language() {
    let name = "우전 녹차".to_owned();
    let story = Story::<Product>::given([listed()])
        .when(Command::Rename { language: Language::Ko, name: name.clone() })
        .then([Event::Renamed { language: Language::Ko, name: name.clone() }])
        .when(Command::Rename { language: Language::Ko, name: name.clone() })
        .nothing_happens();
    let Product::OnSale(listing) = story.state() else { unreachable!("nothing has withdrawn it") };
    assert_eq!(listing.names()[&Language::Ko], name);
    assert_eq!(listing.names()[&Language::En], "Green tea");
}
