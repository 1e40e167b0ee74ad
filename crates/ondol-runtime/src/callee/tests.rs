//! Asked by a contract, the desk answers once and for all, in the contract's words.

use std::sync::Arc;

use ondol_bus::{About, CallFailure, Calls, Reply};
use ondol_domain::{
    Aggregate, Ask, Call, Contract, Decision, Facts, Impossible, Refused, accept, ask, refuse,
};
use ondol_doors::{ManualClock, SeededRng};
use ondol_kernel::{CommandId, Timestamp};
use ondol_store::{EventStore, Limits, LogEpoch, MemoryStore};
use ondol_timers::MemoryTimers;
use ondol_views::MemoryViews;
use serde::{Deserialize, Serialize};

use crate::{Accepts, Ground, Home, Running, Service, ServiceProblem, Supervisor};

#[derive(Debug, Clone, Default)]
struct Shelf(u32);

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Command {
    Fill { pieces: u32 },
    Take { pieces: u32 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Filled { pieces: u32 },
    Taken { pieces: u32 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Refusal {
    #[error("only {left} are left")]
    TooFew { left: u32 },
}

impl Facts for Event {
    const KIND: &'static str = "shelf";
}

impl Aggregate for Shelf {
    const KIND: &'static str = "shelf";
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Fill { pieces } => accept(Event::Filled { pieces }),
            Command::Take { pieces } if pieces <= self.0 => accept(Event::Taken { pieces }),
            Command::Take { .. } => refuse(Refusal::TooFew { left: self.0 }),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        let left = match event {
            Event::Filled { pieces } => self.0.checked_add(*pieces),
            Event::Taken { pieces } => self.0.checked_sub(*pieces),
        };
        left.map(Self).ok_or_else(|| Impossible::new(&self, event))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    shelf: String,
    pieces: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Sorry {
    #[error("sold out")]
    SoldOut,
}

impl Contract for Order {
    const SERVICE: &'static str = "house.shelves";
    type Reply = u32;
    type Refusal = Sorry;

    fn key(&self) -> String {
        self.shelf.clone()
    }
}

fn accepts() -> Accepts<Order, Shelf> {
    Accepts::new(
        |order: Order| Command::Take { pieces: order.pieces },
        |_order, happened| {
            let taken = |event: &ondol_kernel::Recorded<Event>| match event.data {
                Event::Taken { pieces } => pieces,
                Event::Filled { .. } => 0,
            };
            happened.iter().map(taken).sum()
        },
        |_refusal| Sorry::SoldOut,
    )
}

fn started() -> (Running, Supervisor) {
    let store: Arc<dyn EventStore> =
        Arc::new(MemoryStore::new(LogEpoch::from_u128(1), Limits::default()));
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let ground = Ground { store, clock, rng: Arc::new(SeededRng::new(1)) };
    let home = Home {
        ground,
        views: Arc::new(MemoryViews::default()),
        timers: Arc::new(MemoryTimers::default()),
    };
    let supervisor = Supervisor::new();
    let service = Service::named("house.shelves").aggregate::<Shelf>().accepts(accepts());
    (service.start(&home, &supervisor).unwrap(), supervisor)
}

fn about(command: u128) -> About {
    About::new(CommandId::from_u128(command))
}

fn order(pieces: u32) -> Call {
    Order { shelf: "plums".into(), pieces }.call().unwrap()
}

async fn fill(calls: &dyn Calls, pieces: u32) {
    let call = ask::<Shelf>("plums", Command::Fill { pieces }).call().unwrap();
    let reply = calls.ask(&call, &about(1)).await.unwrap();
    assert!(matches!(&reply, Reply::Done { data, .. } if &data.bytes[..] == b"null"), "{reply:?}");
}

#[tokio::test]
async fn a_call_is_answered_in_the_contracts_words_and_the_same_for_ever() {
    let (running, _supervisor) = started();
    let calls = running.calls();
    fill(calls.as_ref(), 5).await;
    let first = calls.ask(&order(3), &about(2)).await.unwrap();
    let Reply::Done { data, .. } = &first else { panic!("{first:?}") };
    assert_eq!(&data.bytes[..], b"3");
    assert_eq!(calls.ask(&order(3), &about(2)).await.unwrap(), first);
    let no = calls.ask(&order(3), &about(3)).await.unwrap();
    let Reply::Refused(refused) = &no else { panic!("{no:?}") };
    assert_eq!(refused.read_contract::<Order>(), Some(Sorry::SoldOut));
    assert_eq!(refused.code, "house.shelves.sold_out");
    fill_more(calls.as_ref()).await;
    assert_eq!(calls.ask(&order(3), &about(3)).await.unwrap(), no, "no stays no");
}

async fn fill_more(calls: &dyn Calls) {
    let call = ask::<Shelf>("plums", Command::Fill { pieces: 90 }).call().unwrap();
    calls.ask(&call, &about(90)).await.unwrap();
}

#[tokio::test]
async fn what_is_void_never_takes_effect_and_what_took_effect_is_the_answer() {
    let (running, _supervisor) = started();
    let calls = running.calls();
    fill(calls.as_ref(), 5).await;
    assert_eq!(calls.void(&order(3), &about(2)).await.unwrap(), Reply::Voided);
    assert_eq!(calls.ask(&order(3), &about(2)).await.unwrap(), Reply::Voided);
    let done = calls.ask(&order(4), &about(3)).await.unwrap();
    assert_eq!(calls.void(&order(4), &about(3)).await.unwrap(), done);
    let no = calls.ask(&order(4), &about(4)).await.unwrap();
    assert!(matches!(no, Reply::Refused(Refused { .. })), "the first four are gone: {no:?}");
    assert_eq!(calls.void(&order(4), &about(4)).await.unwrap(), no);
}

#[tokio::test]
async fn what_cannot_be_answered_says_whether_to_ask_again() {
    let (running, _supervisor) = started();
    let calls = running.calls();
    let mut unknown = order(1);
    unknown.command = "steal".into();
    let failure = calls.ask(&unknown, &about(2)).await.unwrap_err();
    assert!(matches!(failure, CallFailure::Command { .. }), "{failure:?}");
    assert!(!failure.may_be_asked_again());
    let mut elsewhere = order(1);
    elsewhere.target = ondol_domain::Target::Service("house.cellar".into());
    let failure = calls.ask(&elsewhere, &about(2)).await.unwrap_err();
    assert!(matches!(failure, CallFailure::NoSuchService { .. }), "{failure:?}");
    assert!(failure.may_be_asked_again(), "it may come yet");
    let mut keyless = order(1);
    keyless.key = String::new();
    let failure = calls.ask(&keyless, &about(2)).await.unwrap_err();
    assert!(matches!(failure, CallFailure::Invalid { .. }), "{failure:?}");
}

#[test]
fn a_contract_of_another_service_is_not_kept_here() {
    let service = Service::named("house.cellar").accepts(accepts());
    let problems = service.check().unwrap_err().found;
    let elsewhere = ServiceProblem::ContractElsewhere { kind: "shelf", says: "house.shelves" };
    assert!(problems.contains(&elsewhere), "{problems:?}");
    assert!(problems.contains(&ServiceProblem::ContractOfNothing { kind: "shelf" }));
}
