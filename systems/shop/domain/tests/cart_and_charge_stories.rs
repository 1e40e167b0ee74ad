//! What a cart and a charge do, told as stories.

use std::collections::BTreeMap;

use ondol_kernel::{Currency, Money};
use ondol_testkit::Story;
use shop_domain::cart::{self, Cart};
use shop_domain::charge::{self, Charge};
use shop_domain::order::{Line, Region, TotalError};
use shop_domain::{Means, OrderId, ProductId, Quantity};

const TEA: ProductId = ProductId::from_u128(1);
const ORDER: OrderId = OrderId::from_u128(11);

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn requested() -> charge::Event {
    charge::Event::Requested { order: ORDER, amount: won(39_900), means: card() }
}

fn card() -> Means {
    Means::new("card-good").expect("it is plain")
}

fn authorized() -> charge::Event {
    charge::Event::Authorized { reference: "p-1".to_owned() }
}

fn terms(pieces: Quantity, price: i64) -> cart::Terms {
    let lines = vec![Line { product: TEA, pieces, price: won(price) }];
    let send_to = Means::new("SEOUL-04").expect("it is plain");
    cart::Terms { region: Region::Asia, lines, pay_with: card(), send_to }
}

#[test]
fn a_cart_is_bought_once_on_terms_for_what_is_in_it() {
    let lines = BTreeMap::from([(TEA, Quantity::ONE)]);
    let two = Quantity::new(2).expect("a quantity");
    let other = OrderId::from_u128(12);
    let check_out = |order, terms| cart::Command::CheckOut { order, terms };
    let bought =
        cart::Event::CheckedOut { order: ORDER, lines, terms: Some(terms(Quantity::ONE, 15_000)) };
    Story::<Cart>::new()
        .when(check_out(ORDER, terms(Quantity::ONE, 15_000)))
        .refused(cart::Refusal::Empty)
        .when(cart::Command::Put { product: TEA, pieces: Quantity::ONE })
        .then([cart::Event::Put { product: TEA, pieces: Quantity::ONE }])
        .when(cart::Command::Put { product: TEA, pieces: Quantity::ONE })
        .nothing_happens()
        .when(check_out(ORDER, terms(two, 15_000)))
        .refused(cart::Refusal::Changed)
        .when(check_out(ORDER, terms(Quantity::ONE, 0)))
        .refused(cart::Refusal::NoTotal { because: TotalError::NotAPrice })
        .when(check_out(ORDER, terms(Quantity::ONE, 15_000)))
        .then([bought])
        .when(check_out(ORDER, terms(Quantity::ONE, 15_000)))
        .nothing_happens()
        .when(check_out(other, terms(Quantity::ONE, 15_000)))
        .refused(cart::Refusal::Empty)
        .when(cart::Command::TakeOut { product: TEA })
        .nothing_happens();
}

#[test]
fn a_full_cart_takes_more_of_what_is_in_it_and_nothing_else() {
    let put = |product| cart::Event::Put {
        product: ProductId::from_u128(product),
        pieces: Quantity::ONE,
    };
    let two = Quantity::new(2).expect("a quantity");
    Story::<Cart>::given((0..u128::from(cart::PRODUCTS_MAX)).map(put))
        .when(cart::Command::Put { product: ProductId::from_u128(1_000), pieces: two })
        .refused(cart::Refusal::Full { most: cart::PRODUCTS_MAX })
        .when(cart::Command::Put { product: TEA, pieces: two })
        .then([cart::Event::Put { product: TEA, pieces: two }]);
}

#[test]
fn money_is_promised_then_taken_then_given_back_in_parts() {
    let refund = |amount| charge::Command::Refund { amount: won(amount) };
    Story::<Charge>::new()
        .when(charge::Command::Request { order: ORDER, amount: won(39_900), means: card() })
        .then([requested()])
        .when(charge::Command::Capture)
        .refused(charge::Refusal::NotAuthorized)
        .when(charge::Command::NoteAuthorized { reference: "p-1".to_owned() })
        .then([authorized()])
        .when(refund(1))
        .refused(charge::Refusal::NotCaptured)
        .when(charge::Command::Capture)
        .then([charge::Event::Captured])
        .when(charge::Command::Capture)
        .nothing_happens()
        .when(refund(30_000))
        .then([charge::Event::Refunded { amount: won(30_000) }])
        .when(refund(9_901))
        .refused(charge::Refusal::MoreThanWasTaken { left: won(9_900) })
        .when(charge::Command::Void)
        .refused(charge::Refusal::CapturedAlready);
}

#[test]
fn a_charge_that_is_put_off_is_made_when_the_provider_is_back() {
    Story::<Charge>::given([requested()])
        .when(charge::Command::PutOff)
        .then([charge::Event::PutOff])
        .when(charge::Command::PutOff)
        .nothing_happens()
        .when(charge::Command::NoteAuthorized { reference: "p-1".to_owned() })
        .then([authorized()]);
}

#[test]
fn what_was_declined_or_voided_is_never_taken() {
    let because = "no funds".to_owned();
    let declined = charge::Event::Declined { because: because.clone() };
    Story::<Charge>::given([requested(), declined])
        .when(charge::Command::Capture)
        .refused(charge::Refusal::Declined { because })
        .when(charge::Command::Void)
        .nothing_happens();
    Story::<Charge>::given([requested(), authorized()])
        .when(charge::Command::NoteDeclined { because: "late".to_owned() })
        .refused(charge::Refusal::AuthorizedAlready)
        .when(charge::Command::Void)
        .then([charge::Event::Voided])
        .when(charge::Command::Capture)
        .refused(charge::Refusal::Voided)
        .when(charge::Command::NoteAuthorized { reference: "p-2".to_owned() })
        .refused(charge::Refusal::Voided);
}

#[test]
fn a_charge_is_void_once_it_was_undone_and_what_was_never_asked_for_needs_no_undoing() {
    Story::<Charge>::new().when(charge::Command::Void).nothing_happens();
    Story::<Charge>::given([requested()])
        .when(charge::Command::Void)
        .then([charge::Event::Voided])
        .when(charge::Command::Request { order: ORDER, amount: won(1), means: card() })
        .refused(charge::Refusal::Voided);
}

#[test]
fn a_charge_is_for_one_order_and_one_amount() {
    Story::<Charge>::given([requested()])
        .when(charge::Command::Request { order: ORDER, amount: won(39_900), means: card() })
        .nothing_happens()
        .when(charge::Command::Request { order: ORDER, amount: won(1), means: card() })
        .refused(charge::Refusal::RequestedOtherwise { amount: won(39_900) });
    for amount in [won(0), won(-1)] {
        Story::<Charge>::new()
            .when(charge::Command::Request { order: ORDER, amount, means: card() })
            .refused(charge::Refusal::NothingToMove { amount });
    }
}
