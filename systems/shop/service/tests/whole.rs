//! The shop, whole, in memory, with time moved by hand and processes that end at any moment.

use std::collections::BTreeMap;
use std::time::Duration;

use ondol_kernel::{Currency, Money};
use ondol_testkit_app::{TestApp, TestOptions};
use shop_domain::cart::{self, Cart, Terms};
use shop_domain::order::{CancelReason, Line, Order, Region};
use shop_domain::stock::{self, LetGoReason, Stock};
use shop_domain::{BuyerId, OrderId, Plain, ProductId, Quantity};

const KIM: BuyerId = BuyerId::from_u128(1);
const TEA: ProductId = ProductId::from_u128(2);
const ORDER: OrderId = OrderId::from_u128(11);

fn plain(text: &str) -> Plain {
    Plain::new(text).expect("it is plain")
}

fn received(pieces: u32) -> stock::Event {
    let pieces = Quantity::new(pieces).expect("a quantity");
    stock::Event::Received { note: "n".to_owned(), pieces }
}

fn check_out() -> cart::Command {
    let price = Money::new(15_000, Currency::KRW);
    let lines = vec![Line { product: TEA, pieces: Quantity::ONE, price }];
    let (pay_with, send_to) = (plain("card-good"), plain("SEOUL-04"));
    let terms = Terms { region: Region::Asia, lines, pay_with, send_to };
    cart::Command::CheckOut { order: ORDER, terms }
}

#[test]
fn a_reservation_runs_out_by_itself_unless_the_goods_have_left() {
    let app = TestApp::of(shop::app());
    let (key, other) = (TEA.to_string(), OrderId::from_u128(12));
    app.given::<Stock>(&key, [received(2)]);
    let until = app.now().checked_add(Duration::from_secs(3_600)).expect("a time");
    for order in [ORDER, other] {
        let pieces = Quantity::ONE;
        app.send::<Stock>(&key, stock::Command::Reserve { order, pieces, until }).accepted();
    }
    app.send::<Stock>(&key, stock::Command::HandOver { order: other }).accepted();
    app.advance(Duration::from_secs(3_599));
    assert_eq!(app.standing::<Stock>(&key).state.shelf().available(), 0);
    app.advance(Duration::from_secs(2));
    app.settle();
    let shelf = app.standing::<Stock>(&key).state;
    assert_eq!((shelf.shelf().available(), shelf.shelf().pieces()), (1, 1));
    let ran_out = stock::Event::LetGo { order: ORDER, because: LetGoReason::TimeRanOut };
    assert_eq!(app.history::<Stock>(&key).last(), Some(&ran_out));
    app.check();
}

#[test]
fn what_was_checked_out_is_ordered_even_if_the_process_ends_right_after() {
    for seed in 1..=3 {
        let mut app = TestApp::with(shop::app(), &TestOptions { seed, ..TestOptions::default() });
        let put = cart::Event::Put { product: TEA, pieces: Quantity::ONE };
        app.given::<Cart>(&KIM.to_string(), [put]);
        let bought = app.send::<Cart>(&KIM.to_string(), check_out()).accepted();
        assert_eq!(bought.len(), 1);
        app.crash();
        app.settle();
        // There is nothing on the shelf: the order was placed, and has come to nothing.
        let order = app.standing::<Order>(&ORDER.to_string()).state;
        let Order::Cancelled { placed, because } = order else { panic!("{order:?}") };
        assert_eq!((placed.buyer, because), (KIM, CancelReason::OutOfStock));
        assert_eq!(app.standing::<Cart>(&KIM.to_string()).state.lines(), &BTreeMap::new());
        app.check();
    }
}
