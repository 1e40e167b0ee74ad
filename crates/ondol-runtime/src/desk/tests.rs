//! A command takes effect once, and a thing stands as its events say.

mod example;
mod refusing;
mod several;
mod unique;

use std::collections::BTreeSet;
use std::time::Duration;

use ondol_doors::{ManualClock, SeededRng};
use ondol_kernel::{CommandId, Metadata, Tag, Timestamp};
use ondol_store::{Condition, EventStore, Limits, LogEpoch, MemoryStore, ReadAll};
use ondol_views::{MemoryViews, RefusalLimits};
use proptest::prelude::*;

use super::*;
use example::{Command, Event, Purse, Refusal, purse_events};

struct Bench {
    clock: Arc<ManualClock>,
    ground: Ground,
    refusals: Arc<dyn RefusalBook>,
}

impl Bench {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        let rng = Arc::new(SeededRng::new(1));
        let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new(LogEpoch::from_u128(1), limits));
        let ground = Ground { store, clock: Arc::<ManualClock>::clone(&clock), rng };
        let refusals = RefusalLimits { refusals_max: 200, ..RefusalLimits::default() };
        let limits = ondol_views::Limits { refusals, ..ondol_views::Limits::default() };
        Self { clock, ground, refusals: Arc::new(MemoryViews::new(limits)) }
    }

    fn desk(&self) -> Desk<Purse> {
        self.desk_with(DeskOptions::default())
    }

    fn desk_with(&self, options: DeskOptions) -> Desk<Purse> {
        let (ground, refusals) = (self.ground.clone(), Arc::clone(&self.refusals));
        Desk::open(ground, refusals, options).expect("the options and shapes are right")
    }

    async fn log(&self) -> Vec<Envelope> {
        let page = self.ground.store.read_all(ReadAll::after(Position::START, 10_000)).await;
        page.expect("the log can be read").events
    }
}

fn outside(id: u128) -> Request {
    Request::new(CommandId::from_u128(id))
}

fn inside(id: u128) -> Request {
    outside(id).inside()
}

fn accepted(answer: &Answer<Purse>) -> Vec<Event> {
    match &answer.verdict {
        Verdict::Accepted(events) => events.iter().map(|event| event.data.clone()).collect(),
        other => panic!("it should have been accepted, found {other:?}"),
    }
}

fn refused(answer: &Answer<Purse>) -> &Refusal {
    match &answer.verdict {
        Verdict::Refused(refusal) => refusal,
        other => panic!("it should have been refused, found {other:?}"),
    }
}

#[tokio::test]
async fn a_command_that_is_repeated_takes_effect_once_and_gets_the_same_answer() {
    let (bench, request) = (Bench::new(), outside(1));
    let desk = bench.desk();
    let first = desk.handle("kim", Command::Put(5), &request).await.expect("it is answered");
    let again = desk.handle("kim", Command::Put(5), &request).await.expect("it is answered");
    assert_eq!(accepted(&first), [Event::Put(5)]);
    assert!(!first.repeated && again.repeated);
    let (Verdict::Accepted(first_events), Verdict::Accepted(again_events)) =
        (&first.verdict, &again.verdict)
    else {
        panic!("both were accepted");
    };
    assert_eq!(first_events, again_events, "ids, versions and positions too");
    assert_eq!(first.position, again.position);
    assert_eq!(desk.standing("kim").await.expect("it stands").state.coins, 5);
}

#[tokio::test]
async fn a_command_that_is_repeated_after_a_restart_takes_effect_once() {
    let (bench, request) = (Bench::new(), outside(1));
    bench.desk().handle("kim", Command::Put(5), &request).await.expect("it is answered");
    let again = bench.desk().handle("kim", Command::Put(5), &request).await.expect("answered");
    assert!(again.repeated);
    assert_eq!(bench.log().await.len(), 1);
}

#[tokio::test]
async fn a_command_whose_own_effect_would_refuse_it_gets_its_first_answer() {
    let bench = Bench::new();
    let desk = bench.desk();
    desk.handle("kim", Command::Put(5), &outside(1)).await.expect("it is answered");
    desk.handle("kim", Command::Take(5), &outside(2)).await.expect("it is answered");
    let again = desk.handle("kim", Command::Take(5), &outside(2)).await.expect("it is answered");
    assert_eq!(accepted(&again), [Event::Taken(5)], "nothing is left, but this took it");
    let again = bench.desk().handle("kim", Command::Take(5), &inside(2)).await.expect("answered");
    assert_eq!(accepted(&again), [Event::Taken(5)]);
}

#[tokio::test]
async fn a_refusal_is_repeated_although_the_thing_has_moved_on() {
    for request in [outside(1), inside(1)] {
        let bench = Bench::new();
        let desk = bench.desk();
        let first = desk.handle("kim", Command::Take(5), &request).await.expect("it is answered");
        assert_eq!(refused(&first), &Refusal::NotEnough { there: 0 });
        desk.handle("kim", Command::Put(9), &outside(2)).await.expect("it is answered");
        let again = desk.handle("kim", Command::Take(5), &request).await.expect("it is answered");
        assert_eq!(refused(&again), &Refusal::NotEnough { there: 0 });
        assert!(again.repeated);
    }
}

#[tokio::test]
async fn refusals_from_outside_do_not_grow_the_log_and_those_from_inside_are_kept_in_it() {
    let bench = Bench::new();
    let desk = bench.desk();
    for id in 0..100 {
        desk.handle("kim", Command::Take(5), &outside(id)).await.expect("it is answered");
        desk.handle("kim", Command::Put(0), &outside(1_000 + id)).await.expect("it is answered");
    }
    assert_eq!(bench.log().await.len(), 0);
    desk.handle("kim", Command::Take(5), &inside(200)).await.expect("it is answered");
    desk.handle("kim", Command::Put(0), &inside(201)).await.expect("it is answered");
    assert_eq!(bench.log().await.len(), 2);
    let restarted = bench.desk();
    restarted.handle("kim", Command::Put(9), &outside(300)).await.expect("it is answered");
    let again = restarted.handle("kim", Command::Take(5), &inside(200)).await.expect("answered");
    assert_eq!(refused(&again), &Refusal::NotEnough { there: 0 });
    let nothing = restarted.handle("kim", Command::Put(0), &inside(201)).await.expect("answered");
    assert!(nothing.repeated && accepted(&nothing).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_with_one_id_take_effect_once() {
    let bench = Bench::new();
    let desks = [bench.desk(), bench.desk()];
    let mut running = tokio::task::JoinSet::new();
    for at in 0..100_usize {
        let desk = desks[at % 2].clone();
        running.spawn(async move {
            desk.handle("kim", Command::Put(5), &outside(1)).await.expect("it is answered")
        });
    }
    let answers = running.join_all().await;
    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
    assert!(answers.iter().all(|answer| accepted(answer) == [Event::Put(5)]));
    assert_eq!(bench.log().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_desks_over_one_log_lose_nothing_to_each_other() {
    let bench = Bench::new();
    let options = DeskOptions { attempts_max: 1_000, ..DeskOptions::default() };
    let desks = [bench.desk_with(options.clone()), bench.desk_with(options)];
    let mut running = tokio::task::JoinSet::new();
    for id in 0..200_u32 {
        let desk = desks[id as usize % 2].clone();
        running.spawn(async move {
            desk.handle("kim", Command::Put(1), &outside(id.into())).await.expect("it is answered");
        });
    }
    running.join_all().await;
    for desk in desks {
        assert_eq!(desk.standing("kim").await.expect("it stands").state.coins, 200);
    }
}

#[tokio::test]
async fn nobody_is_refused_for_how_things_stood_before_another_desk_changed_them() {
    let bench = Bench::new();
    let (here, there) = (bench.desk(), bench.desk());
    here.standing("kim").await.expect("it stands");
    there.handle("kim", Command::Put(5), &outside(1)).await.expect("it is answered");
    for (id, request) in [(2, outside(2)), (3, inside(3))] {
        let taken = here.handle("kim", Command::Take(1), &request).await.expect("it is answered");
        assert_eq!(accepted(&taken), [Event::Taken(1)], "command {id}");
        let put = Command::Put(1);
        there.handle("kim", put, &outside(10 + id)).await.expect("it is answered");
    }
    there.handle("kim", Command::Take(5), &outside(20)).await.expect("it is answered");
    let empty = here.handle("kim", Command::Take(5), &outside(21)).await.expect("it is answered");
    assert_eq!(refused(&empty), &Refusal::NotEnough { there: 0 }, "with the numbers of now");
}

#[tokio::test]
async fn what_was_seen_at_another_desk_is_not_taken_for_a_mistake() {
    let bench = Bench::new();
    let (here, there) = (bench.desk(), bench.desk());
    here.standing("kim").await.expect("it stands");
    there.handle("kim", Command::Put(5), &outside(1)).await.expect("it is answered");
    let seen = outside(2).expecting(Version::new(1));
    let taken = here.handle("kim", Command::Take(1), &seen).await.expect("it is as it was seen");
    assert_eq!(accepted(&taken), [Event::Taken(1)]);
}

#[tokio::test]
async fn a_thing_with_more_events_than_bytes_go_into_a_page_is_loaded_whole() {
    // An event of a purse is a number: twenty of them fill a page.
    let limits = Limits { event_bytes_max: 10, page_bytes_max: 20, ..Limits::default() };
    let bench = Bench::with(limits);
    for id in 1..=50 {
        let desk = bench.desk();
        desk.handle("kim", Command::Put(1), &outside(id)).await.expect("it is answered");
    }
    assert_eq!(bench.desk().standing("kim").await.expect("it stands").state.coins, 50);
}

#[tokio::test]
async fn a_void_command_is_never_accepted() {
    let bench = Bench::new();
    let id = CommandId::from_u128(1);
    bench.ground.store.void(id, Metadata::default()).await.expect("nothing came of it before");
    for request in [outside(1), inside(1)] {
        for command in [Command::Put(5), Command::Take(5), Command::Put(0)] {
            let answer = bench.desk().handle("kim", command, &request).await.expect("answered");
            assert!(matches!(answer.verdict, Verdict::Voided), "found {:?}", answer.verdict);
        }
    }
    assert_eq!(bench.log().await.len(), 1);
}

#[tokio::test]
async fn an_id_that_was_used_for_one_thing_is_not_taken_for_another() {
    let bench = Bench::new();
    let desk = bench.desk();
    desk.handle("kim", Command::Put(5), &outside(1)).await.expect("it is answered");
    desk.handle("kim", Command::Take(9), &outside(2)).await.expect("it is answered");
    for id in [1, 2] {
        let error = desk.handle("lee", Command::Put(5), &outside(id)).await.expect_err("taken");
        assert!(matches!(error, HandleError::IdTaken { .. }), "found {error:?}");
    }
}

#[tokio::test]
async fn whoever_has_seen_an_older_version_is_told_but_a_repeated_command_is_answered() {
    let bench = Bench::new();
    let desk = bench.desk();
    let request = outside(1).expecting(Version::EMPTY);
    desk.handle("kim", Command::Put(5), &request).await.expect("it is answered");
    let error = desk
        .handle("kim", Command::Put(5), &outside(2).expecting(Version::EMPTY))
        .await
        .expect_err("it has moved on");
    assert!(matches!(error, HandleError::MovedOn { found, .. } if found == Version::new(1)));
    let again = desk.handle("kim", Command::Put(5), &request).await.expect("it is answered");
    assert!(again.repeated);
}

#[tokio::test]
async fn a_rule_that_spans_things_is_kept_by_a_condition() {
    let bench = Bench::new();
    let desk = bench.desk();
    let tag = Tag::new("coins:7").expect("a tag");
    let never = |id| outside(id).when(Condition::never(tag.clone()));
    desk.handle("kim", Command::Put(7), &never(1)).await.expect("nobody has put seven");
    let error = desk.handle("lee", Command::Put(7), &never(2)).await.expect_err("kim has");
    assert!(matches!(error, HandleError::ConditionBroken { at } if at == Position::new(1)));
}

#[tokio::test]
async fn a_thing_whose_events_cannot_have_happened_harms_no_other() {
    let bench = Bench::new();
    let impossible = purse_events("kim", [Event::Taken(5)]);
    bench.ground.store.append(impossible).await.expect("a log takes any event");
    let desk = bench.desk();
    for id in [1, 2] {
        let error = desk.handle("kim", Command::Put(5), &outside(id)).await.expect_err("corrupt");
        let HandleError::Load(LoadError::Impossible { version, .. }) = error else {
            panic!("found {error:?}");
        };
        assert_eq!(version, Version::new(1));
    }
    desk.handle("lee", Command::Put(5), &outside(3)).await.expect("lee is well");
}

#[tokio::test]
async fn a_thing_can_be_seen_as_of_any_moment() {
    let bench = Bench::new();
    let desk = bench.desk();
    for (id, coins) in [(1, 10), (2, 20), (3, 30)] {
        bench.clock.advance(Duration::from_secs(60));
        desk.handle("lee", Command::Put(1), &outside(100 + id)).await.expect("it is answered");
        desk.handle("kim", Command::Put(coins), &outside(id)).await.expect("it is answered");
    }
    let coins = |as_of| {
        let desk = desk.clone();
        async move { desk.state_at("kim", as_of).await.expect("it can be seen").state.coins }
    };
    assert_eq!(coins(AsOf::Version(Version::EMPTY)).await, 0);
    assert_eq!(coins(AsOf::Version(Version::new(2))).await, 30);
    assert_eq!(coins(AsOf::Version(Version::new(99))).await, 60);
    assert_eq!(coins(AsOf::Position(Position::new(3))).await, 10);
    assert_eq!(coins(AsOf::Position(Position::new(4))).await, 30);
    let minutes = |minutes: u64| {
        let moment = Timestamp::EPOCH.checked_add(Duration::from_secs(60 * minutes));
        AsOf::Time(moment.expect("it is in range"))
    };
    assert_eq!(coins(minutes(0)).await, 0);
    assert_eq!(coins(minutes(2)).await, 30);
    let history = desk.history("kim", Version::new(2), 10).await.expect("it can be read");
    let events: Vec<_> = history.into_iter().map(|event| event.data).collect();
    assert_eq!(events, [Event::Put(20), Event::Put(30)]);
}

#[tokio::test]
async fn a_snapshot_is_taken_when_due_and_one_of_another_fold_is_not_used() {
    let bench = Bench::new();
    let options = DeskOptions { snapshot_every_events: 10, ..DeskOptions::default() };
    let desk = bench.desk_with(options);
    for id in 0..25 {
        desk.handle("kim", Command::Put(1), &outside(id)).await.expect("it is answered");
    }
    let stream: StreamId = "purse:kim".parse().expect("a stream");
    let fold = desk.inner.fold;
    let store = &bench.ground.store;
    let found = store.load_snapshot(&stream, fold).await.expect("there is a place for it");
    let mut snapshot = found.expect("two were due");
    assert_eq!(snapshot.version, Version::new(20));
    assert_eq!(bench.desk().standing("kim").await.expect("it stands").state.coins, 25);

    snapshot.state = br#"{"coins":1000}"#.to_vec().into();
    store.save_snapshot(snapshot.clone()).await.expect("it is kept");
    let wrong = bench.desk().standing("kim").await.expect("it stands").state.coins;
    assert_eq!(wrong, 1_005, "the snapshot is what was started from");

    snapshot.fold = fold.wrapping_add(1);
    snapshot.state = br#"{"coins":"#.to_vec().into();
    store.save_snapshot(snapshot.clone()).await.expect("it is kept");
    snapshot.fold = fold;
    store.save_snapshot(snapshot).await.expect("it is kept");
    let replayed = bench.desk().standing("kim").await.expect("it stands").state.coins;
    assert_eq!(replayed, 25, "one that cannot be read is passed over");
}

#[tokio::test]
async fn a_snapshot_is_taken_of_what_took_long_to_load() {
    let mut bench = Bench::new();
    bench.desk().handle("kim", Command::Put(5), &outside(1)).await.expect("it is answered");
    bench.ground.clock = Arc::new(ondol_doors::SystemClock::start());
    let saved = async |options| {
        let desk = bench.desk_with(options);
        desk.standing("kim").await.expect("it stands");
        let stream = "purse:kim".parse().expect("a stream");
        let saved = bench.ground.store.load_snapshot(&stream, desk.inner.fold).await;
        saved.expect("there is a place for it").map(|snapshot| snapshot.version)
    };
    let patient = DeskOptions { load_longest: Duration::from_secs(60), ..DeskOptions::default() };
    assert_eq!(saved(patient).await, None);
    let hasty = DeskOptions { load_longest: Duration::ZERO, ..DeskOptions::default() };
    assert_eq!(saved(hasty).await, Some(Version::new(1)));
}

#[test]
fn options_tell_all_that_is_wrong_with_them() {
    let options =
        DeskOptions { attempts_max: 0, snapshot_every_events: 0, ..DeskOptions::default() };
    let problems = options.validate().expect_err("two are wrong").found;
    let options: BTreeSet<_> = problems.iter().map(|problem| problem.option).collect();
    assert_eq!(options, BTreeSet::from(["attempts_max", "snapshot_every_events"]));
}

#[derive(Debug, Clone)]
enum Step {
    Ask { id: u8, command: Command },
    Restart,
    Drop { id: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let command =
        prop_oneof![(0..6_u32).prop_map(Command::Put), (0..6_u32).prop_map(Command::Take)];
    prop_oneof![
        8 => (0..40_u8, command).prop_map(|(id, command)| Step::Ask { id, command }),
        1 => Just(Step::Restart),
        1 => (0..40_u8).prop_map(|id| Step::Drop { id }),
    ]
}

proptest! {
    /// Whatever is repeated, restarted or dropped half-way: every command takes effect once at
    /// most, its first answer is its answer for ever, and snapshot and tail say what a replay says.
    #[test]
    fn random_histories_take_every_command_once(steps in prop::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let bench = Bench::new();
            let options = DeskOptions { snapshot_every_events: 3, ..DeskOptions::default() };
            let mut desk = bench.desk_with(options.clone());
            let mut answers = std::collections::HashMap::new();
            for step in steps {
                match step {
                    Step::Ask { id, command } => {
                        // One id belongs to one thing and to one who asks.
                        let key = (id % 3).to_string();
                        let ask = if id % 2 == 0 { inside } else { outside };
                        let answer = desk.handle(&key, command, &ask(id.into())).await;
                        let answer = answer.expect("it is answered");
                        let said = format!("{:?} {}", answer.verdict, answer.position);
                        let first = answers.entry(id).or_insert_with(|| said.clone());
                        prop_assert_eq!(first, &said, "the first answer, for ever");
                    }
                    Step::Restart => desk = bench.desk_with(options.clone()),
                    Step::Drop { id } => {
                        let ask = if id % 2 == 0 { inside } else { outside };
                        let (key, request) = ((id % 3).to_string(), ask(id.into()));
                        let future = desk.handle(&key, Command::Put(1), &request);
                        let mut future = std::pin::pin!(future);
                        std::future::poll_fn(|ctx| {
                            drop(future.as_mut().poll(ctx));
                            std::task::Poll::Ready(())
                        }).await;
                    }
                }
            }
            let log = bench.log().await;
            let mut seen = BTreeSet::new();
            for event in &log {
                prop_assert!(seen.insert(event.metadata.command), "one event a command");
            }
            for key in ["0", "1", "2"] {
                let hot = desk.standing(key).await.expect("it stands");
                let cold = bench.desk_with(options.clone()).standing(key).await.expect("stands");
                let replayed = desk.state_at(key, AsOf::Version(Version::new(u64::MAX))).await;
                let replayed = replayed.expect("it can be seen");
                prop_assert_eq!(&hot.state, &replayed.state);
                prop_assert_eq!(&cold.state, &replayed.state);
                prop_assert_eq!(hot.version, replayed.version);
            }
            Ok(())
        })?;
    }
}
