//! Two processes of one service in one test: over the same log, views and leases. What only one
//! may do is done by one; commands are taken and queries answered by both.

use std::sync::Arc;
use std::time::Duration;

use ondol_bus::Directory;
use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use ondol_kernel::{Actor, Position};
use ondol_lease::{Duty, LeaseName, MemoryLeases, Tenant, TenantOptions};
use ondol_runtime::{Home, MendError, ReactionPhase, Running, ServiceOptions, Supervisor};
use ondol_views::Unit;
use tokio::task::JoinSet;

use crate::mill::{MILL, STONES, hand, home, stones, wheels};

/// Long enough for anything that comes, however busy the machine is.
const LONG: Duration = Duration::from_secs(60);
const TURNS: u64 = 200;

/// A process of the service that turns stones: its hand runs where the duty is.
struct Process {
    duty: Duty,
    running: Running,
    _supervisor: Supervisor,
    /// Renews the lease for as long as the process lives.
    life: JoinSet<()>,
}

struct Town {
    mill: Running,
    stones: Running,
    shared: Home,
    leases: Arc<MemoryLeases>,
    _behind: Supervisor,
}

impl Town {
    async fn new() -> Self {
        let behind = Supervisor::new();
        let mill = wheels(&home(), TURNS, &behind).await;
        let stones = stones().start(&home(), &behind).expect("it is as the test needs it");
        let leases = Arc::new(MemoryLeases::new(Arc::new(SystemClock::start())));
        Self { mill, stones, shared: home(), leases, _behind: behind }
    }

    fn process(&self) -> Process {
        let (clock, name) = (
            Arc::new(SystemClock::start()),
            LeaseName::new("hand").expect("it is as the test needs it"),
        );
        let rng: &dyn Rng = &SystemRng;
        let options = TenantOptions { term_ms: 300, renew_after_ms: 50 };
        let holder = rng.id(clock.now());
        let tenant = Tenant::new(options, name, holder, self.leases.clone(), clock)
            .expect("it is as the test needs it");
        let (duty, supervisor, directory) = (tenant.duty(), Supervisor::new(), Directory::new());
        directory.publish(MILL, self.mill.neighbours().feed(MILL));
        let target = ondol_domain::Target::Service(STONES.to_owned());
        directory.answer(
            STONES,
            self.stones.neighbours().callee(&target).expect("it is as the test needs it"),
        );
        let options = ServiceOptions::default();
        let among = (&directory, &duty);
        let running = hand()
            .start_on_duty(&self.shared, &options, among, &supervisor)
            .expect("it is as the test needs it");
        let mut life = JoinSet::new();
        life.spawn(async move {
            tenant.run(std::future::pending()).await.expect("it gives it back");
        });
        Process { duty, running, _supervisor: supervisor, life }
    }
}

impl Process {
    async fn until(&self, phase: ReactionPhase) {
        let mut progress = self.running.reactions()[0].watch();
        let is_so = progress.wait_for(|progress| progress.phase == phase);
        tokio::time::timeout(LONG, is_so).await.expect("in time").expect("it runs");
    }

    async fn dealt(&self, position: u64) {
        let mut progress = self.running.reactions()[0].watch();
        let dealt = progress.wait_for(|one| one.has_dealt(MILL, Position::new(position)));
        tokio::time::timeout(LONG, dealt).await.expect("in time").expect("it runs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_runs_in_one_process_and_in_the_next_when_that_one_has_died() {
    let town = Town::new().await;
    let mut one = town.process();
    one.dealt(TURNS).await;
    let two = town.process();
    two.until(ReactionPhase::Elsewhere).await;
    assert!(one.duty.is_on() && !two.duty.is_on());
    // An order is for the one who does it.
    let (unit, by) = ("key/a/b:c".parse::<Unit>().unwrap(), Actor::new("kim").unwrap());
    let control = &two.running.reactions()[0];
    let turned_away = control.retry(unit.clone(), by.clone()).await;
    assert!(matches!(turned_away, Err(MendError::Elsewhere)), "{turned_away:?}");
    let heard = one.running.reactions()[0].retry(unit, by).await;
    assert!(matches!(heard, Err(MendError::NotParked { .. })), "{heard:?}");
    // One dies: nobody renews its lease, whatever of it still runs leaves off.
    one.life.shutdown().await;
    one.until(ReactionPhase::Elsewhere).await;
    two.dealt(TURNS).await;
    assert!(!one.duty.is_on() && two.duty.is_on());
    assert_eq!(town.stones.head().await.unwrap().position, Position::new(TURNS));
    crate::mill::each_stone_turned_as_often_as_its_wheel(&town.mill, &town.stones, TURNS).await;
}
