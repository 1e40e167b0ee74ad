//! A purchase, with everything that can go wrong going wrong: nothing is lost, nobody pays for
//! nothing, and nothing leaves that is not paid for.

use std::collections::BTreeMap;

use ondol_domain::{Aggregate, Contract, fold};
use ondol_kernel::{Currency, Money, Timestamp};
use ondol_saga::{Books, SagaProof};
use shop_domain::charge::{self, Charge};
use shop_domain::contract::{Cashier, Dispatch, OfPayment, OfShipment, Warehouse};
use shop_domain::order::{self, Line, Order, Region, Stage};
use shop_domain::purchase::{Purchase, Reached, purchase_of_up_to};
use shop_domain::sale::Sale;
use shop_domain::shipment::{self, Shipment};
use shop_domain::stock::{self, Stock};
use shop_domain::{BuyerId, OrderId, Plain, ProductId, Quantity};

const ORDER: OrderId = OrderId::from_u128(11);
const KIM: BuyerId = BuyerId::from_u128(1);
const TEA: ProductId = ProductId::from_u128(1);
const CUP: ProductId = ProductId::from_u128(2);
/// Of so many ways in which two things go wrong, one is tried: a few thousand are, spread over all.
const PAIRS: usize = 17;
/// How many lie on each shelf.
const PIECES: u32 = 5;

/// The things of a service, by their keys.
#[derive(Debug, Clone, Default)]
struct Things<A>(BTreeMap<String, A>);

impl<A: Aggregate> Things<A> {
    fn ask(&mut self, key: &str, command: A::Command) -> Result<(), A::Refusal> {
        // What nothing has happened to is not there.
        let mut thing = self.0.get(key).cloned().unwrap_or_default();
        let events = thing.decide(command)?;
        for event in &events {
            thing = thing.evolve(event).expect("what was decided can happen");
        }
        if !events.is_empty() {
            self.0.insert(key.to_owned(), thing);
        }
        Ok(())
    }
}

fn plain(text: &str) -> Plain {
    Plain::new(text).expect("it is plain")
}

fn line(product: ProductId, pieces: u32, won: i64) -> Line {
    let (pieces, price) =
        (Quantity::new(pieces).expect("a quantity"), Money::new(won, Currency::KRW));
    Line { product, pieces, price }
}

fn start(lines: Vec<Line>) -> Purchase {
    let total = order::total(&lines).expect("they add up");
    Purchase {
        order: ORDER,
        buyer: KIM,
        region: Region::Asia,
        lines,
        total,
        pay_with: plain("card-good"),
        send_to: plain("SEOUL-04"),
        until: Timestamp::from_micros(9_000_000).expect("a moment"),
        reached: Reached::Begun,
        trouble: None,
        is_put_off: false,
    }
}

fn placed(purchase: &Purchase) -> Order {
    let Purchase { buyer, region, lines, total, pay_with, send_to, .. } = purchase.clone();
    fold(&[order::Event::Placed { buyer, region, lines, total, pay_with, send_to }])
        .expect("it can be placed")
}

fn shelves() -> Things<Stock> {
    let pieces = Quantity::new(PIECES).expect("a quantity");
    let full: Stock =
        fold(&[stock::Event::Received { note: "n".to_owned(), pieces }]).expect("it can be filled");
    Things([TEA, CUP].into_iter().map(|product| (product.to_string(), full.clone())).collect())
}

fn proof(purchase_of: &Purchase) -> SagaProof<Purchase> {
    SagaProof::of(purchase_of_up_to(2))
        .one_pair_of(PAIRS)
        .starting_with(purchase_of.clone())
        .things::<Order, _>([(ORDER.to_string(), placed(purchase_of))])
        .things::<Sale, String>([])
        .service::<Warehouse, _>(shelves(), |shelves, asked| {
            shelves.ask(&asked.key(), asked.command())
        })
        .service::<Cashier, _>(Things::<Charge>::default(), |charges, asked| {
            let (key, is_request) = (asked.key(), matches!(asked, Cashier::Request { .. }));
            charges.ask(&key, asked.command())?;
            // The provider agrees at once; that it is heard of later is for the saga to wait for.
            if is_request {
                let reference = "p-1".to_owned();
                charges.ask(&key, charge::Command::NoteAuthorized { reference })?;
            }
            Ok(())
        })
        .service::<Dispatch, _>(Things::<Shipment>::default(), |shipments, asked| {
            let (key, is_request) = (asked.key(), matches!(asked, Dispatch::Ship { .. }));
            shipments.ask(&key, asked.command())?;
            if is_request {
                let reference = "s-1".to_owned();
                shipments.ask(&key, shipment::Command::NoteTaken { reference })?;
            }
            Ok(())
        })
        .invariant("all of it, or nothing", all_or_nothing)
        .always("no more is promised than there is", |books: &Books| {
            let shelves = books.service::<Things<Stock>>().0.values();
            let sound = |stock: &Stock| stock.shelf().reserved() <= stock.shelf().pieces();
            if shelves.into_iter().all(sound) { Ok(()) } else { Err("oversold".to_owned()) }
        })
}

fn all_or_nothing(books: &Books) -> Result<(), String> {
    let order = books.things::<Order>().remove(&ORDER.to_string()).expect("it was placed");
    let charge = books.service::<Things<Charge>>().0.get(&ORDER.to_string()).cloned();
    let shipment = books.service::<Things<Shipment>>().0.get(&ORDER.to_string()).cloned();
    let sale = books.things::<Sale>().remove(&ORDER.to_string()).unwrap_or_default();
    let shelves = &books.service::<Things<Stock>>().0;
    let reserved: u32 = shelves.values().map(|stock| stock.shelf().reserved()).sum();
    let left: u32 = shelves.values().map(|stock| stock.shelf().pieces()).sum();
    let is_sound = match &order {
        Order::Alive { placed, stage: Stage::Shipped { .. } | Stage::Delivered } => {
            let sold: u32 = placed.lines.iter().map(|line| line.pieces.pieces()).sum();
            matches!(charge, Some(Charge::Captured { .. }))
                && matches!(shipment, Some(Shipment::Taken { .. }))
                && sale != Sale::default()
                && left == 2 * PIECES - sold
        }
        Order::Cancelled { .. } => {
            matches!(charge, None | Some(Charge::Voided { .. }))
                && matches!(shipment, None | Some(Shipment::CalledOff { .. }))
                && sale == Sale::default()
                && left == 2 * PIECES
        }
        // It came to nothing before the order was told that it is dealt with: who sees a purchase
        // end so cancels its order.
        Order::Alive { stage: Stage::Placed, .. } => {
            charge.is_none() && shipment.is_none() && sale == Sale::default() && left == 2 * PIECES
        }
        Order::Unplaced | Order::Alive { .. } => false,
    };
    if is_sound && reserved == 0 {
        return Ok(());
    }
    Err(format!("{order:?}, {charge:?}, {shipment:?}, {sale:?}, {left} left, {reserved} reserved"))
}

#[test]
fn a_purchase_is_made_whole_or_not_at_all_whatever_goes_wrong() {
    let report = proof(&start(vec![line(TEA, 2, 15_000), line(CUP, 1, 9_900)]))
        .happens("authorized", |purchase| OfPayment::Authorized { order: purchase.order })
        .happens("taken", |purchase| OfShipment::Taken { order: purchase.order })
        .happens("arrived", |purchase| OfShipment::Arrived { order: purchase.order })
        .check();
    assert!(report.cases > 2_000, "{report}");
}
