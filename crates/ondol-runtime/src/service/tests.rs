//! A service says what it is made of, runs, and its views are what a replay makes of its log.

mod example;

use std::sync::Arc;
use std::time::Duration;

use ondol_bus::Directory;
use ondol_doors::{ManualClock, SeededRng};
use ondol_kernel::{CommandId, Position, Recorded, Timestamp};
use ondol_store::{EventStore, Head, Limits, LogEpoch, MemoryStore};
use ondol_timers::MemoryTimers;
use ondol_views::{Extent, MemoryViews, WaitError};
use proptest::prelude::*;

use super::*;
use crate::{Answer, Ground, Question, ReaderOptions, Request, Supervisor};
use example::{Brought, Harvest, Jar, JarCommand, JarEvent, Lonely, Misnamed, Totals};

/// Long enough for anything that comes, however busy the machine is.
const LONG: Duration = Duration::from_secs(60);

fn home() -> (Home, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let store: Arc<dyn EventStore> =
        Arc::new(MemoryStore::new(LogEpoch::from_u128(1), Limits::default()));
    let rng = Arc::new(SeededRng::new(1));
    let ground = Ground { store, clock: Arc::<ManualClock>::clone(&clock), rng };
    (
        Home {
            ground,
            views: Arc::new(MemoryViews::default()),
            timers: Arc::new(MemoryTimers::default()),
        },
        clock,
    )
}

fn service() -> Service {
    Service::named("pantry.jars").aggregate::<Jar>().view::<Totals>()
}

async fn put(running: &Running, key: &str, sweets: u32, id: u128) -> Answer<Jar> {
    let desk = running.desk::<Jar>().expect("the service has jars");
    let request = Request::new(CommandId::from_u128(id));
    desk.handle(key, JarCommand::Put { sweets }, &request).await.expect("it is answered")
}

#[test]
fn a_service_says_what_it_is_made_of_without_a_log() {
    let description = service().describe().expect("it holds together");
    let told = serde_json::to_value(&description).expect("it can be written");
    let expected = serde_json::json!({
        "service": "pantry.jars",
        "aggregates": [{
            "kind": "jar",
            "commands": ["Put", "Eat"],
            "events": [
                { "event_type": "jar.filled", "version": 1 },
                { "event_type": "jar.eaten", "version": 1 },
            ],
            "refusals": ["Empty"],
            "old_events": [],
            "has_snapshots": false,
        }],
        "views": [{
            "view": "totals",
            "version": 1,
            "events": ["jar.filled", "jar.eaten"],
            "sources": [{ "events": ["jar.filled", "jar.eaten"] }],
            "indexes": [["sweets", "ordered"]],
        }],
    });
    assert_eq!(told, expected);
}

#[test]
fn everything_that_is_wrong_with_a_service_is_told_at_once() {
    let service = Service::named("Pantry Jars")
        .aggregate::<Jar>()
        .aggregate::<Jar>()
        .view::<Totals>()
        .view::<Totals>()
        .view::<Lonely>()
        .view::<Misnamed>();
    let problems = service.check().expect_err("much is wrong");
    let told = problems.to_string();
    for said in [
        "\"Pantry Jars\" is no name",
        "two aggregates are of the kind \"jar\"",
        "two views are called \"totals\"",
        "the view \"lonely\" is folded from cellar.flooded, which nothing here records",
        "\"Mis Named\" is no name",
    ] {
        assert!(told.contains(said), "{said:?} is missing in {told}");
    }
    assert_eq!(problems.found.len(), 5, "and nothing else: {told}");
    let nothing = Service::named("pantry").check().expect_err("it has no parts");
    assert_eq!(nothing.found, [ServiceProblem::Nothing]);
}

#[tokio::test]
async fn a_part_that_a_service_does_not_have_is_not_found() {
    let (home, _clock) = home();
    let supervisor = Supervisor::new();
    let running = Service::named("pantry").aggregate::<Jar>();
    let running = running.start(&home, &supervisor).expect("it starts");
    let missing = running.view::<Totals>().expect_err("it folds no view");
    assert!(missing.to_string().starts_with("the service \"pantry\" has no "), "{missing}");
    assert!(running.view_control("totals").is_err());
    supervisor.shut_down().await.expect("all has ended well");
}

#[tokio::test]
async fn what_was_written_is_read_by_whoever_waits_for_it() {
    let (home, _clock) = home();
    let supervisor = Supervisor::new();
    let running = service().start(&home, &supervisor).expect("it starts");
    let totals = running.view::<Totals>().expect("it folds the view");
    let mut head = running.head().await.expect("the log answers");
    for (id, key) in ["plums", "nuts", "plums"].into_iter().enumerate() {
        head.position = put(&running, key, 4, id as u128 + 1).await.position;
    }
    totals.wait_for(head).await.expect("it is folded");
    let found = totals.get("plums").await.expect("it is read").expect("it is there");
    assert_eq!((found.state.sweets, found.last), (8, head.position));
    assert!(totals.get("figs").await.expect("it is read").is_none());
    let first = totals.ask(Question::in_order_of("sweets", 1)).await.expect("a page");
    assert_eq!(first.documents[0].key.as_str(), "nuts");
    let rest = Question::in_order_of("sweets", 1).after(first.next);
    assert_eq!(totals.ask(rest).await.expect("a page").documents[0].state.sweets, 8);
    supervisor.shut_down().await.expect("all has ended well");
}

#[tokio::test]
async fn a_wait_that_is_not_met_says_so() {
    let (home, clock) = home();
    let supervisor = Supervisor::new();
    let running = service().start(&home, &supervisor).expect("it starts");
    running.caught_up(LONG).await.expect("there is nothing to fold");
    let totals = running.view::<Totals>().expect("it folds the view");
    let head = running.head().await.expect("the log answers");
    let beyond = Head { position: Position::new(7), ..head };
    let pass_time = async { clock.advance(ReaderOptions::default().wait_longest) };
    let (waited, ()) = tokio::join!(totals.wait_for(beyond), pass_time);
    let error = waited.expect_err("nothing is written at position 7");
    assert!(matches!(error, WaitError::NotMet { asked, .. } if asked == beyond.position));
    supervisor.shut_down().await.expect("all has ended well");
}

#[derive(Debug, Clone)]
enum Deed {
    Put { jar: u8, sweets: u32, id: u128 },
    Eat { jar: u8, id: u128 },
    Restart,
    Rebuild,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    // Few ids, so that commands are repeated, also after a restart and for another jar.
    let deed = prop_oneof![
        6 => (0..3_u8, 1..5_u32, 1..40_u128)
            .prop_map(|(jar, sweets, id)| Deed::Put { jar, sweets, id }),
        3 => (0..3_u8, 1..40_u128).prop_map(|(jar, id)| Deed::Eat { jar, id: id + 100 }),
        1 => Just(Deed::Restart),
        1 => Just(Deed::Rebuild),
    ];
    proptest::collection::vec(deed, 0..40)
}

/// What is done to a service while it is stopped, started and rebuilt.
async fn live_through(deeds: Vec<Deed>) {
    let (home, _clock) = home();
    let mut supervisor = Supervisor::new();
    let mut running = service().start(&home, &supervisor).expect("it starts");
    for deed in deeds {
        let desk = running.desk::<Jar>().expect("the service has jars");
        let (jar, command, id) = match deed {
            Deed::Put { jar, sweets, id } => (jar, JarCommand::Put { sweets }, id),
            Deed::Eat { jar, id } => (jar, JarCommand::Eat, id),
            Deed::Restart => {
                supervisor.shut_down().await.expect("all has ended well");
                supervisor = Supervisor::new();
                running = service().start(&home, &supervisor).expect("it starts");
                continue;
            }
            Deed::Rebuild => {
                let control = running.view_control("totals").expect("it folds the view");
                // A rebuild that is still going on is refused, and that is as good here.
                drop(control.rebuild().await);
                continue;
            }
        };
        let request = Request::new(CommandId::from_u128(id));
        match desk.handle(&format!("jar-{jar}"), command, &request).await {
            Ok(_) | Err(crate::HandleError::IdTaken { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    tokio::select! {
        caught_up = running.caught_up(LONG) => caught_up.expect("it is folded"),
        () = supervisor.stopping() => panic!("{:?}", supervisor.failure()),
    }
    compare(&running).await;
    supervisor.shut_down().await.expect("all has ended well");
}

/// The view as it was folded, a replay of the log, and the things themselves: all the same.
async fn compare(running: &Running) {
    let control = running.view_control("totals").expect("it folds the view");
    let verified = control.verify(Extent::Whole).await.expect("it is compared");
    assert!(verified.is_equal(), "{verified:?}");
    let totals = running.view::<Totals>().expect("it folds the view");
    let desk = running.desk::<Jar>().expect("the service has jars");
    for jar in 0..3 {
        let key = format!("jar-{jar}");
        let folded = totals.get(&key).await.expect("it is read").map(|found| found.state.sweets);
        let stands = desk.standing(&key).await.expect("it stands").state.sweets;
        assert_eq!(folded.unwrap_or_default(), stands, "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_view_is_what_a_replay_makes_of_the_log_whatever_happens(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime can be made").block_on(live_through(deeds));
    }
}

#[tokio::test]
async fn a_view_is_folded_from_what_another_service_publishes() {
    let neighbours = Directory::new();
    let (supervisor, options) = (Supervisor::new(), ServiceOptions::default());
    let garden =
        Service::named("garden").aggregate::<Jar>().publishes(|event: &Recorded<JarEvent>| {
            match event.data {
                JarEvent::Filled { sweets } => Some(Harvest::Brought { sweets }),
                JarEvent::Eaten => None,
            }
        });
    let (pantry_home, garden_home) = (home().0, home().0);
    let pantry = Service::named("pantry").aggregate::<Jar>().view::<Brought>();
    let pantry = pantry.start_among(&pantry_home, &options, &neighbours, &supervisor).unwrap();
    let garden = garden.start_among(&garden_home, &options, &neighbours, &supervisor).unwrap();
    put(&garden, "plums", 3, 1).await;
    put(&garden, "plums", 4, 2).await;
    let brought = pantry.view::<Brought>().unwrap();
    let mut written = pantry_home.views.watch();
    loop {
        written.mark_unchanged();
        let found = brought.get("plums").await;
        if found.is_ok_and(|found| found.is_some_and(|found| found.state == Brought(7))) {
            break;
        }
        written.changed().await.unwrap();
    }
    brought.wait_for(pantry.head().await.unwrap()).await.expect("there is nothing to wait for");
    supervisor.shut_down().await.expect("all has ended well");
}
