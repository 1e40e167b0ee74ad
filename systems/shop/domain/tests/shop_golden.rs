//! Every event that was ever recorded can still be read.

use std::collections::BTreeMap;

use ondol_kernel::{Currency, Money, Timestamp};
use ondol_testkit::golden;
use shop_domain::order::{CancelReason, Line, Region};
use shop_domain::product::{Language, Names};
use shop_domain::stock::LetGoReason;
use shop_domain::{
    BuyerId, ChargeId, OrderId, ProductId, Quantity, ShipmentId, cart, charge, order, product,
    stock,
};

const ORDER: OrderId = OrderId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0011);
const PRODUCT: ProductId = ProductId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0001);

fn price() -> Money {
    Money::new(15_000, Currency::KRW)
}

fn two() -> Quantity {
    Quantity::new(2).expect("a quantity")
}

#[test]
fn every_event_of_a_product_is_recorded_as_it_always_was() {
    let names =
        Names::from([(Language::Ko, "녹차".to_owned()), (Language::En, "Green tea".to_owned())]);
    golden!([
        product::Event::Listed { names, category: "tea".to_owned(), price: price() },
        product::Event::Renamed { language: Language::En, name: "Sencha".to_owned() },
        product::Event::Priced { price: Money::new(11_99, Currency::USD) },
        product::Event::Withdrawn,
        product::Event::BroughtBack,
    ]);
}

#[test]
fn every_event_of_a_stock_is_recorded_as_it_always_was() {
    let until = Timestamp::from_micros(1_764_000_000_000_000).expect("a moment");
    golden!([
        stock::Event::Received { note: "note-1".to_owned(), pieces: two() },
        stock::Event::Reserved { order: ORDER, pieces: two(), until },
        stock::Event::HandedOver { order: ORDER },
        stock::Event::LetGo { order: ORDER, because: LetGoReason::TimeRanOut },
    ]);
}

#[test]
fn every_event_of_a_cart_is_recorded_as_it_always_was() {
    golden!([
        cart::Event::Put { product: PRODUCT, pieces: two() },
        cart::Event::TakenOut { product: PRODUCT },
        cart::Event::CheckedOut { order: ORDER, lines: BTreeMap::from([(PRODUCT, two())]) },
    ]);
}

#[test]
fn every_event_of_an_order_is_recorded_as_it_always_was() {
    let buyer = BuyerId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0002);
    let lines = vec![Line { product: PRODUCT, pieces: two(), price: price() }];
    let total = Money::new(30_000, Currency::KRW);
    golden!([
        order::Event::Placed { buyer, region: Region::Asia, lines, total },
        order::Event::StockReserved,
        order::Event::Paid { charge: ChargeId::from_u128(21) },
        order::Event::Shipped { shipment: ShipmentId::from_u128(31) },
        order::Event::Delivered,
        order::Event::Cancelled { because: CancelReason::PaymentDeclined },
    ]);
}

#[test]
fn every_event_of_a_charge_is_recorded_as_it_always_was() {
    golden!([
        charge::Event::Requested { order: ORDER, amount: price() },
        charge::Event::Authorized { reference: "p-1".to_owned() },
        charge::Event::Declined { because: "no funds".to_owned() },
        charge::Event::PutOff,
        charge::Event::Captured,
        charge::Event::Voided,
        charge::Event::Refunded { amount: price() },
    ]);
}
