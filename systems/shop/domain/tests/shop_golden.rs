//! Every event that was ever recorded can still be read.

use std::collections::BTreeMap;

use ondol_kernel::{Currency, Money, Timestamp};
use ondol_testkit::golden;
use shop_domain::order::{CancelReason, Line, Region};
use shop_domain::product::{Language, Names};
use shop_domain::stock::LetGoReason;
use shop_domain::{
    BuyerId, ChargeId, Means, OrderId, Plain, Point, ProductId, Quantity, ShipmentId, cart, charge,
    order, preorder, product, sale, shipment, stock,
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
        stock::Event::RanShort { order: ORDER, wanted: two(), available: 1 },
        stock::Event::HandedOver { order: ORDER },
        stock::Event::LetGo { order: ORDER, because: LetGoReason::TimeRanOut },
    ]);
}

#[test]
fn every_event_of_a_cart_is_recorded_as_it_always_was() {
    golden!([
        cart::Event::Put { product: PRODUCT, pieces: two() },
        cart::Event::TakenOut { product: PRODUCT },
        cart::Event::CheckedOut {
            order: ORDER,
            lines: BTreeMap::from([(PRODUCT, two())]),
            terms: None
        },
    ]);
}

#[test]
fn every_event_of_an_order_is_recorded_as_it_always_was() {
    let buyer = BuyerId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0002);
    let lines = vec![Line { product: PRODUCT, pieces: two(), price: price() }];
    let total = Money::new(30_000, Currency::KRW);
    golden!([
        order::Event::Placed {
            buyer,
            region: Region::Asia,
            lines,
            total,
            pay_with: Means::default(),
            send_to: Point::default(),
        },
        order::Event::Begun,
        order::Event::CalledOff { order: ORDER },
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
        charge::Event::Requested { order: ORDER, amount: price(), means: Means::default() },
        charge::Event::Authorized { reference: "p-1".to_owned() },
        charge::Event::Declined { because: "no funds".to_owned() },
        charge::Event::PutOff,
        charge::Event::Captured,
        charge::Event::Voided,
        charge::Event::Refunded { amount: price() },
    ]);
}

#[test]
fn every_event_of_a_shipment_is_recorded_as_it_always_was() {
    let to = Plain::new("SEOUL-04").expect("it is plain");
    golden!([
        shipment::Event::Requested { order: ORDER, to, pieces: two() },
        shipment::Event::Taken { reference: "s-1".to_owned() },
        shipment::Event::Refused { because: "no_capacity".to_owned() },
        shipment::Event::Arrived,
        shipment::Event::CalledOff,
    ]);
}

#[test]
fn every_event_of_a_preorder_is_recorded_as_it_always_was() {
    let (order, buyer, total) = (ORDER, BuyerId::from_u128(2), Money::new(30_000, Currency::KRW));
    let pay_with = Plain::new("card-good").expect("it is plain");
    let (product, because) = (PRODUCT, CancelReason::OutOfStock);
    let terms =
        preorder::Terms { order, buyer, product, pieces: two(), total, pay_with: pay_with.clone() };
    golden!([
        preorder::Event::Placed { terms },
        preorder::Event::Reserved { order, total, pay_with },
        preorder::Event::Confirmed { order },
        preorder::Event::Failed { order, product, because },
    ]);
}

#[test]
fn every_event_of_a_sale_is_recorded_as_it_always_was() {
    let lines = vec![Line { product: PRODUCT, pieces: two(), price: price() }];
    let (buyer, total) = (BuyerId::from_u128(2), Money::new(30_000, Currency::KRW));
    golden!([sale::Event::Booked { buyer, region: Region::Asia, lines, total }]);
}

#[test]
fn what_later_events_say_is_nothing_in_those_of_long_ago_and_is_kept_in_others() {
    let means = Plain::new("card-good").expect("it is plain");
    let asked = charge::Event::Requested { order: ORDER, amount: price(), means };
    let written = serde_json::to_value(&asked).expect("JSON");
    assert_eq!(written["Requested"]["means"], "card-good");
    assert_eq!(serde_json::from_value::<charge::Event>(written).expect("it is read"), asked);
}
