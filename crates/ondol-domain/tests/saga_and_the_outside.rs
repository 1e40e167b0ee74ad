//! What happens outside starts a saga, and is what one waits for.

use std::time::Duration;

use ondol_domain::{Contract, Facts, Retry, Saga, SagaProblem, Step, Turn};
use ondol_kernel::{
    Envelope, EventId, EventType, Metadata, NewEvent, Payload, Position, Recorded, SchemaVersion,
    StreamId, Version,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u64,
    due: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Placed {
    order: u64,
    due: u64,
}

impl Facts for Placed {
    const KIND: &'static str = "shop.order";
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Payment {
    Received { order: u64, amount: u64 },
    Failed { order: u64 },
}

impl Facts for Payment {
    const KIND: &'static str = "pay";
    const SERVICE: Option<&'static str> = Some("shop.payment");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Ship {
    order: u64,
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("no")]
struct No;

impl Contract for Ship {
    const SERVICE: &'static str = "shop.warehouse";
    type Reply = ();
    type Refusal = No;

    fn key(&self) -> String {
        self.order.to_string()
    }
}

fn order_of(payment: &Payment) -> String {
    match payment {
        Payment::Received { order, .. } | Payment::Failed { order } => order.to_string(),
    }
}

fn paid(order: &Order, payment: &Payment) -> Option<Turn> {
    match payment {
        Payment::Failed { .. } => Some(Turn::Unwind("the payment failed".into())),
        Payment::Received { amount, .. } => (*amount >= order.due).then_some(Turn::GoOn),
    }
}

fn ship(order: &Order) -> Ship {
    Ship { order: order.id }
}

fn purchase() -> Saga<Order> {
    Saga::<Order>::named("shop.purchase", 1)
        .identified_by(|order| order.id.to_string())
        .starts_on(|placed: &Recorded<Placed>| {
            let Placed { order, due } = placed.data;
            (due > 0).then_some(Order { id: order, due })
        })
        .wait("payment", order_of, paid)
        .within(Duration::from_secs(3_600))
        .undo(ship)
        .step("ship", ship)
        .retry(Retry { attempts_max: 9, ..Retry::default() })
}

fn event(event_type: &str, json: &'static str) -> Envelope {
    let event = NewEvent {
        id: EventId::from_u128(1),
        event_type: EventType::new(event_type).expect("a type"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(json),
    };
    let stream = StreamId::new("order", 7).expect("a stream");
    event.recorded(stream, Version::new(1), Position::new(1))
}

fn found(saga: &Saga<Order>) -> Vec<SagaProblem> {
    saga.check().expect_err("something should be wrong").found
}

#[test]
fn an_event_starts_a_saga_with_what_it_tells() {
    let saga = purchase();
    saga.check().expect("nothing is wrong with it");
    let starter = &saga.starters()[0];
    let placed = |json| starter.start(event("shop.order.placed", json)).expect("it can be read");
    let order = placed(r#"{"order":7,"due":300}"#).expect("it starts one");
    assert_eq!(order, Order { id: 7, due: 300 });
    assert_eq!(saga.identity(&order).as_deref(), Some("7"));
    assert_eq!(placed(r#"{"order":7,"due":0}"#), None, "nothing is due");
    let other = starter.start(event("shop.order.cancelled", "{}"));
    assert_eq!(other.expect("it is passed over"), None);
    assert!(starter.start(event("shop.order.placed", "{}")).is_err(), "a broken event is told");
}

#[test]
fn a_step_that_waits_asks_nothing_and_hears_what_it_waits_for() {
    let saga = purchase();
    let wait = &saga.stages()[0].steps[0];
    let order = Order { id: 7, due: 300 };
    assert_eq!(wait.call(&order, &()).expect("nothing to write"), None);
    let listener = wait.waits_for().expect("it waits");
    assert_eq!(listener.sources[0].service, Some("shop.payment"));
    let part = || event("pay.received", r#"{"order":7,"amount":200}"#);
    assert_eq!(listener.about(part()).expect("read"), saga.identity(&order));
    assert_eq!(listener.hear(&order, part()).expect("read"), None, "a part is due still");
    let all = event("pay.received", r#"{"order":7,"amount":300}"#);
    assert_eq!(listener.hear(&order, all).expect("read"), Some((Turn::GoOn, None)));
    let failed = event("pay.failed", r#"{"order":7}"#);
    let turn = listener.hear(&order, failed).expect("read");
    assert_eq!(turn, Some((Turn::Unwind("the payment failed".into()), None)));
    assert!(
        wait.undo_call(&order, &()).expect("written").is_some(),
        "what came in can be given back"
    );
    assert!(saga.stages()[1].steps[0].waits_for().is_none(), "the next one asks");
}

#[test]
fn a_shape_tells_what_starts_it_what_it_waits_for_and_how_it_asks_again() {
    let shape = purchase().shape();
    assert_eq!(shape.starts_on, ["shop.order.placed"]);
    let [wait, ship] = [&shape.stages[0][0], &shape.stages[1][0]];
    assert_eq!(wait.waits_for, ["pay.received", "pay.failed"]);
    assert_eq!((wait.within_ms, wait.retry), (3_600_000, None));
    let retry = ship.retry.expect("it asks");
    assert_eq!((retry.attempts_max, retry.delay_first_ms, retry.delay_max_ms), (9, 100, 10_000));
    assert!(ship.waits_for.is_empty());
    assert!(shape.draw().contains("step0_0>\"payment\"]"), "{}", shape.draw());
    let json = serde_json::to_string(&shape).expect("it is written");
    assert_eq!(serde_json::from_str::<ondol_domain::SagaShape>(&json).expect("and read"), shape);
}

#[test]
fn to_wait_and_to_ask_are_different_sagas_and_other_patience_is_not() {
    let base = || Saga::<Order>::named("s", 1);
    let minute = Duration::from_secs(60);
    let asks = base().step("payment", ship).fingerprint();
    let waits = base().wait("payment", order_of, paid).within(minute);
    let longer = base().wait("payment", order_of, paid).within(minute * 2);
    assert_ne!(asks, waits.fingerprint());
    assert_eq!(longer.fingerprint(), waits.fingerprint());
    let patient =
        base().step("payment", ship).retry(Retry { attempts_max: 99, ..Retry::default() });
    assert_eq!(patient.fingerprint(), asks);
    let started = base().step("payment", ship).starts_on(|_placed: &Recorded<Placed>| None);
    assert_eq!(started.fingerprint(), asks);
}

#[test]
fn a_wait_has_an_end_and_can_be_found_and_is_not_told_how_to_ask() {
    let saga = Saga::<Order>::named("s", 1)
        .wait("payment", order_of, paid)
        .retry(Retry::default())
        .reply(|(): ()| ());
    assert_eq!(
        found(&saga),
        [
            SagaProblem::NoIdentity,
            SagaProblem::EndlessWait { step: "payment" },
            SagaProblem::OfAWait { step: "payment", what: "retry" },
            SagaProblem::OfAWait { step: "payment", what: "reply" },
        ]
    );
}

#[test]
fn a_wait_may_stand_beside_a_question() {
    let saga = Saga::<Order>::named("s", 1).identified_by(|order| order.id.to_string()).all([
        Step::waiting("payment", order_of, paid).within(Duration::from_secs(1)),
        Step::named("ship", ship),
    ]);
    saga.check().expect("nothing is wrong with it");
}

#[test]
fn what_is_asked_again_is_not_asked_again_at_once() {
    let delays = |first, most| Retry { delay_first: first, delay_max: most, ..Retry::default() };
    let second = Duration::from_secs(1);
    for retry in [delays(Duration::ZERO, second), delays(second * 2, second)] {
        let saga = Saga::<Order>::named("s", 1).step("ship", ship).retry(retry);
        assert_eq!(found(&saga), [SagaProblem::Delays { step: "ship" }]);
    }
    let saga = Saga::<Order>::named("s", 1).step("ship", ship).retry(delays(second, second));
    saga.check().expect("nothing is wrong with it");
}
