//! A service that runs sagas: its own events start them and are what they wait for.

use std::sync::Arc;
use std::time::Duration;

use bank_domain::CustomerId;
use bank_domain::account::{Account, Command, Event};
use ondol_domain::{Answer, Saga, Turn, ask};
use ondol_doors::{SystemClock, SystemRng};
use ondol_kernel::{CommandId, Currency, Money, Recorded};
use ondol_runtime::{Ground, Home, Request, Running, Service, Supervisor};
use ondol_saga::{
    Definitions, Phase, RunsSagas, SagaEngine, SagaGround, SagaOptions, Sagas, saga_stream,
};
use ondol_store::MemoryStore;
use ondol_timers::MemoryTimers;
use ondol_views::MemoryViews;
use serde::{Deserialize, Serialize};

/// Whoever opens an account is given something, and given it back to the bank if they do not pay
/// in anything themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Welcome {
    account: String,
    paid_in: Option<Money>,
}

fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn welcome() -> Saga<Welcome> {
    Saga::<Welcome>::named("bank.welcome", 1)
        .identified_by(|welcome| welcome.account.clone())
        .starts_on(|event: &Recorded<Event>| match event.data {
            Event::Opened { .. } => {
                Some(Welcome { account: event.stream.key().to_owned(), paid_in: None })
            }
            _ => None,
        })
        .step("gift", |welcome| {
            ask::<Account>(&welcome.account, Command::Deposit { amount: krw(1_000) })
        })
        .undo(|welcome| ask::<Account>(&welcome.account, Command::Withdraw { amount: krw(1_000) }))
        .wait(
            "loyalty",
            // Every account's owner is the one that the test gives it: its key is its owner's.
            |event: &Event| match event {
                Event::Frozen { .. } => "kim".to_owned(),
                _ => String::new(),
            },
            |_welcome, event| matches!(event, Event::Frozen { .. }).then_some(Turn::GoOn),
        )
        .within(Duration::from_secs(3_600))
}

fn home() -> Home {
    Home {
        ground: Ground {
            store: Arc::new(MemoryStore::default()),
            clock: Arc::new(SystemClock::start()),
            rng: Arc::new(SystemRng),
        },
        views: Arc::new(MemoryViews::default()),
        timers: Arc::new(MemoryTimers::default()),
    }
}

fn started(supervisor: &Supervisor) -> (Running, Sagas) {
    let service = Service::named("bank.account").aggregate::<Account>().saga(welcome());
    let home = home();
    let running = service.start(&home, supervisor).expect("it holds together");
    let sagas = running.companion::<Sagas>().expect("it runs sagas");
    (running, sagas)
}

#[tokio::test]
async fn events_of_the_service_start_a_saga_and_are_what_it_waits_for() {
    let supervisor = Supervisor::new();
    let (running, sagas) = started(&supervisor);
    let desk = running.desk::<Account>().expect("it has accounts");
    let request = |name: &str| Request::new(CommandId::named(name));
    let open = Command::Open { owner: CustomerId::from_u128(1), currency: Currency::KRW };
    desk.handle("kim", open, &request("open")).await.expect("it is opened");
    let freeze = Command::Freeze { because: bank_domain::account::FreezeReason::OwnerAsked };
    // Whether the saga has come as far as to wait by now or not: it hears of it.
    let mut steps = running.home().ground.store.watch();
    let stream = saga_stream("bank.welcome", "kim").expect("it is a name");
    while sagas.find(&stream).await.expect("it can be read").is_none() {
        steps.changed().await.expect("the log goes on");
    }
    desk.handle("kim", freeze, &request("freeze")).await.expect("it is frozen");
    let mut ended = sagas.metrics().ended();
    ended.wait_for(|ended| *ended == 1).await.expect("it ends");
    let saga = sagas.find(&stream).await.expect("it can be read").expect("it was started");
    assert_eq!(saga.phase, Phase::Completed);
    let standing = desk.standing("kim").await.expect("it can be read");
    let Account::Open(book) = standing.state else { panic!("it is open") };
    assert_eq!(book.balance(), krw(1_000));
    supervisor.shut_down().await.expect("nothing has failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_was_shut_down_lets_go_of_its_log() {
    let supervisor = Supervisor::new();
    let (running, sagas) = started(&supervisor);
    let log = Arc::downgrade(&running.home().ground.store);
    let views = Arc::downgrade(&running.home().views);
    let about = ondol_bus::About::new(CommandId::named("welcome"));
    let welcome = Welcome { account: "kim".to_owned(), paid_in: None };
    sagas.start("bank.welcome", &welcome, &about).await.expect("it is recorded");
    supervisor.shut_down().await.expect("nothing has failed");
    drop((running, sagas, supervisor));
    let mut look = tokio::time::interval(Duration::from_millis(5));
    let let_go = async {
        while log.strong_count() + views.strong_count() > 0 {
            look.tick().await;
        }
    };
    let held = tokio::time::timeout(Duration::from_secs(20), let_go).await;
    held.unwrap_or_else(|_late| {
        panic!("{} hold the log, {} the views", log.strong_count(), views.strong_count())
    });
}

#[test]
fn a_service_is_checked_with_its_sagas() {
    let wrong = Service::named("bank.account")
        .aggregate::<Account>()
        .saga(Saga::<Welcome>::named("bank.nothing", 1));
    let problems = wrong.check().expect_err("a saga without steps").to_string();
    assert!(problems.contains("it has no steps"), "{problems}");
    let right = Service::named("bank.account").aggregate::<Account>().saga(welcome());
    let described = right.describe().expect("it holds together");
    assert!(described.aggregates.iter().any(|one| one.kind == "saga"));
    assert!(described.views.iter().any(|one| one.view == "sagas"));
}

#[test]
fn a_service_with_a_step_that_reads_too_early_does_not_start() {
    const PAID_IN: Answer<u32> = Answer::of("count");
    let ask_of = |welcome: &Welcome| {
        ask::<Account>(&welcome.account, Command::Deposit { amount: krw(1_000) })
    };
    let too_early = Saga::<Welcome>::named("bank.early", 1)
        .step_knowing("gift", PAID_IN, move |welcome, _count| ask_of(welcome))
        .step("count", ask_of)
        .reply(|()| 1_u32);
    let home = home();
    let service = Service::named("bank.account").aggregate::<Account>().saga(too_early.clone());
    let supervisor = Supervisor::new();
    let refused = service.start(&home, &supervisor).expect_err("it reads what is not there");
    let said = "\"gift\" reads what \"count\" is answered, which does not come before it";
    assert!(refused.to_string().contains(said), "{refused}");
    // Nor does an engine run it that somebody has built by hand.
    let ground = SagaGround::alone(home.ground.clone(), Arc::clone(&home.views));
    let definitions = Definitions::new().and(too_early);
    let engine = SagaEngine::new(SagaOptions::default(), definitions, ground);
    let refused = engine.expect_err("it reads what is not there");
    assert!(refused.to_string().contains(said), "{refused}");
}
