//! Timers fire when they are due, in order, once: whatever the clock does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ondol_doors::ManualClock;
use ondol_timers::conformance::given::{all_due, book, id, names, second, set, write};
use ondol_timers::{
    BoxError, Fire, MemoryTimers, Order, Runner, RunnerOptions, Standing, Timer, TimerStore,
};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// Remembers what has fired; fails for some, as often as it is told to.
#[derive(Debug, Default)]
struct Book {
    fired: Mutex<Vec<Timer>>,
    failing: Mutex<Vec<(String, u32)>>,
    panics: Mutex<Option<String>>,
}

#[derive(Debug, thiserror::Error)]
#[error("not yet")]
struct NotYet;

#[async_trait]
impl Fire for Book {
    async fn fire(&self, timer: &Timer) -> Result<(), BoxError> {
        let key = timer.id.stream.key();
        let panics = self.panics.lock().expect("it is free").take_if(|panics| panics == key);
        assert!(panics.is_none(), "it was told to panic");
        let mut failing = self.failing.lock().expect("it is free");
        let left = failing.iter_mut().find(|(stream, left)| stream == key && *left > 0);
        if let Some((_stream, left)) = left {
            *left -= 1;
            return Err(NotYet.into());
        }
        self.fired.lock().expect("it is free").push(timer.clone());
        Ok(())
    }
}

struct Scene {
    clock: Arc<ManualClock>,
    timers: Arc<MemoryTimers>,
    book: Arc<Book>,
    standing: watch::Receiver<Standing>,
    _stop: oneshot::Sender<()>,
    _tasks: JoinSet<()>,
}

/// One at a time, so that the order can be seen.
fn options() -> RunnerOptions {
    RunnerOptions { batch_timers_max: 3, parallel_max: 1, ..RunnerOptions::default() }
}

async fn scene(orders: Vec<Order>) -> Scene {
    let timers = Arc::new(MemoryTimers::default());
    timers.write(write(0, 1, orders)).await.expect("it is written");
    begin(Arc::new(ManualClock::at(second(0))), timers, Arc::default())
}

fn begin(clock: Arc<ManualClock>, timers: Arc<MemoryTimers>, fire: Arc<Book>) -> Scene {
    let runner = Runner::new(options(), book(), timers.clone(), clock.clone(), fire.clone());
    let runner = runner.expect("the options are right");
    let standing = runner.standing();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        runner.run(async move { drop(stopped.await) }).await.expect("it stops well");
    });
    Scene { clock, timers, book: fire, standing, _stop: stop, _tasks: tasks }
}

impl Scene {
    /// Waits until so many have fired.
    async fn fired(&mut self, count: u64) -> Vec<String> {
        self.standing.wait_for(|standing| standing.fired >= count).await.expect("it runs");
        self.list()
    }

    fn list(&self) -> Vec<String> {
        names(&self.book.fired.lock().expect("it is free"))
    }

    /// Waits until it has been seen that the next one is due then.
    async fn sleeps_until(&mut self, due: i64) {
        let next = Some(second(due));
        self.standing.wait_for(|standing| standing.next == next).await.expect("it runs");
    }

    /// Lets time pass in small steps, so that whoever looks at the clock now and then does.
    async fn pass(&self, duration: Duration) {
        let step = Duration::from_millis(10);
        let mut passed = Duration::ZERO;
        while passed < duration {
            self.clock.advance(step);
            passed += step;
            for _turn in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    }
}

#[tokio::test]
async fn a_timer_fires_when_it_is_due_and_not_before() {
    let mut scene = scene(vec![set("a", "x", 1, 10)]).await;
    scene.sleeps_until(10).await;
    scene.pass(Duration::from_millis(9_990)).await;
    assert!(scene.list().is_empty(), "it is not due yet");
    scene.pass(Duration::from_millis(10)).await;
    assert_eq!(scene.fired(1).await, ["a/x"]);
    assert_eq!(all_due(scene.timers.as_ref(), 1_000).await, [], "it is settled");
}

#[tokio::test]
async fn a_timer_that_is_set_while_the_runner_sleeps_wakes_it() {
    let mut scene = scene(vec![set("a", "x", 1, 1_000)]).await;
    scene.sleeps_until(1_000).await;
    scene.timers.write(write(1, 2, vec![set("b", "x", 2, 0)])).await.expect("it is written");
    assert_eq!(scene.fired(1).await, ["b/x"]);
}

#[tokio::test]
async fn after_a_jump_of_the_clock_timers_fire_in_order_and_once() {
    let orders = (0..10).map(|number| set(&format!("s{number}"), "x", 1, 1_000 - number)).collect();
    let mut scene = scene(orders).await;
    scene.sleeps_until(991).await;
    scene.clock.jump_to(second(5_000));
    scene.pass(Duration::from_millis(50)).await;
    let expected: Vec<_> = (0..10).rev().map(|number| format!("s{number}/x")).collect();
    assert_eq!(scene.fired(10).await, expected);
    scene.clock.jump_to(second(0));
    scene.pass(Duration::from_secs(1)).await;
    scene.clock.jump_to(second(5_000));
    scene.pass(Duration::from_secs(1)).await;
    assert_eq!(scene.list(), expected, "nothing fires twice");
}

#[tokio::test]
async fn after_a_jump_back_of_the_clock_a_timer_waits_for_its_time() {
    let mut scene = scene(vec![set("a", "x", 1, 10)]).await;
    scene.sleeps_until(10).await;
    scene.pass(Duration::from_secs(9)).await;
    scene.clock.jump_to(second(0));
    scene.pass(Duration::from_millis(9_900)).await;
    assert!(scene.list().is_empty(), "it is not due yet");
    scene.pass(Duration::from_millis(200)).await;
    assert_eq!(scene.fired(1).await, ["a/x"]);
}

#[tokio::test]
async fn a_timer_that_fails_holds_back_its_stream_and_nobody_else() {
    let timers = Arc::new(MemoryTimers::default());
    let orders = vec![
        set("bad", "first", 1, 1),
        set("good", "x", 1, 2),
        set("bad", "second", 1, 3),
        set("other", "x", 1, 4),
    ];
    timers.write(write(0, 1, orders)).await.expect("it is written");
    let fire = Arc::new(Book::default());
    fire.failing.lock().expect("it is free").push(("bad".to_owned(), 2));
    let mut scene = begin(Arc::new(ManualClock::at(second(100))), timers, fire);
    assert_eq!(scene.fired(2).await, ["good/x", "other/x"]);
    scene.pass(Duration::from_secs(1)).await;
    assert_eq!(scene.fired(4).await, ["good/x", "other/x", "bad/first", "bad/second"]);
}

#[tokio::test]
async fn a_timer_whose_firing_panics_is_tried_again_and_holds_up_nobody() {
    let timers = Arc::new(MemoryTimers::default());
    let orders = vec![set("bad", "x", 1, 1), set("good", "x", 1, 2)];
    timers.write(write(0, 1, orders)).await.expect("it is written");
    let fire = Arc::new(Book::default());
    *fire.panics.lock().expect("it is free") = Some("bad".to_owned());
    let mut scene = begin(Arc::new(ManualClock::at(second(100))), timers, fire);
    assert_eq!(scene.fired(1).await, ["good/x"]);
    scene.pass(Duration::from_secs(1)).await;
    assert_eq!(scene.fired(2).await, ["good/x", "bad/x"]);
}

#[tokio::test]
async fn what_was_due_while_nobody_ran_fires_at_the_next_start() {
    let timers = Arc::new(MemoryTimers::default());
    let orders = vec![set("a", "x", 1, 5), set("b", "x", 1, 3), set("c", "x", 1, 1_000)];
    timers.write(write(0, 1, orders)).await.expect("it is written");
    let mut scene = begin(Arc::new(ManualClock::at(second(900))), timers, Arc::default());
    assert_eq!(scene.fired(2).await, ["b/x", "a/x"]);
    scene.sleeps_until(1_000).await;
}

#[tokio::test]
async fn a_timer_that_is_cancelled_in_time_never_fires() {
    let mut scene = scene(vec![set("a", "x", 1, 10), set("b", "x", 1, 11)]).await;
    scene.sleeps_until(10).await;
    let cancel = vec![Order::Cancel(id("a", "x"))];
    scene.timers.write(write(1, 2, cancel)).await.expect("it is written");
    scene.sleeps_until(11).await;
    scene.pass(Duration::from_secs(12)).await;
    assert_eq!(scene.fired(1).await, ["b/x"]);
}

#[test]
fn all_that_is_wrong_with_the_options_is_told_at_once() {
    let options = RunnerOptions { parallel_max: 0, look_again_ms: 0, ..RunnerOptions::default() };
    assert_eq!(options.validate().expect_err("it is refused").problems.len(), 2);
}
