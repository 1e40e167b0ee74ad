//! Tenants take over from each other, and none believes for longer than its term.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ondol_doors::{Clock, ManualClock};
use ondol_kernel::{Id, Timestamp};
use ondol_lease::{
    Epoch, Holder, Lease, LeaseError, LeaseName, LeaseStore, MemoryLeases, Taken, Tenant,
    TenantOptions,
};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// A store that some holders cannot reach: they wait for ever.
#[derive(Debug)]
struct CutOff {
    store: MemoryLeases,
    cut: watch::Sender<Option<Holder>>,
}

#[async_trait]
impl LeaseStore for CutOff {
    async fn take(
        &self,
        name: &LeaseName,
        holder: Holder,
        term: Duration,
    ) -> Result<Taken, LeaseError> {
        if *self.cut.borrow() == Some(holder) {
            std::future::pending::<()>().await;
        }
        self.store.take(name, holder, term).await
    }

    async fn check(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.store.check(lease).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.store.release(lease).await
    }
}

struct Started {
    held: watch::Receiver<Option<Lease>>,
    stop: Option<oneshot::Sender<()>>,
    _task: JoinSet<()>,
}

fn start(who: u128, store: &Arc<CutOff>, clock: &Arc<ManualClock>) -> Started {
    let name = LeaseName::new("singletons").expect("a name");
    let (leases, clock) = (Arc::<CutOff>::clone(store), Arc::<ManualClock>::clone(clock));
    let tenant = Tenant::new(TenantOptions::default(), name, Id::from_u128(who), leases, clock);
    let tenant = tenant.expect("the options are right");
    let held = tenant.held();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut task = JoinSet::new();
    task.spawn(async move {
        tenant.run(async move { drop(stopped.await) }).await.expect("it is given back");
    });
    Started { held, stop: Some(stop), _task: task }
}

impl Started {
    async fn holds(&mut self) -> Lease {
        let held = self.held.wait_for(Option::is_some).await.expect("it runs");
        held.clone().expect("it was waited for")
    }
}

async fn pass(clock: &ManualClock, duration: Duration) {
    for _step in 0..50 {
        clock.advance(duration / 50);
        for _turn in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}

fn scene() -> (Arc<ManualClock>, Arc<CutOff>) {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let shared: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
    let store = MemoryLeases::new(shared);
    (clock, Arc::new(CutOff { store, cut: watch::Sender::new(None) }))
}

#[tokio::test]
async fn a_lease_is_held_for_as_long_as_it_is_renewed() {
    let (clock, store) = scene();
    let mut one = start(1, &store, &clock);
    let lease = one.holds().await;
    let two = start(2, &store, &clock);
    pass(&clock, Duration::from_secs(60)).await;
    assert_eq!(*one.held.borrow(), Some(lease));
    assert_eq!(*two.held.borrow(), None);
}

#[tokio::test]
async fn trap_33_a_dead_owner_is_taken_over_within_its_term() {
    let (clock, store) = scene();
    let mut one = start(1, &store, &clock);
    one.holds().await;
    let mut two = start(2, &store, &clock);
    drop(one);
    pass(&clock, Duration::from_millis(3_600)).await;
    assert_eq!(two.holds().await.epoch, Epoch(2));
}

#[tokio::test]
async fn a_tenant_that_is_stopped_gives_its_lease_back() {
    let (clock, store) = scene();
    let mut one = start(1, &store, &clock);
    one.holds().await;
    let mut two = start(2, &store, &clock);
    drop(one.stop.take());
    one.held.wait_for(Option::is_none).await.expect("it says so first");
    pass(&clock, Duration::from_millis(600)).await;
    assert_eq!(two.holds().await.epoch, Epoch(2));
}

#[tokio::test]
async fn trap_33_one_who_is_cut_off_stops_believing_when_its_term_is_over() {
    let (clock, store) = scene();
    let mut one = start(1, &store, &clock);
    let lease = one.holds().await;
    store.cut.send_replace(Some(Id::from_u128(1)));
    pass(&clock, Duration::from_millis(3_100)).await;
    assert_eq!(*one.held.borrow(), None, "it is nobody's by now");
    let mut two = start(2, &store, &clock);
    let overtaking = two.holds().await;
    store.check(&overtaking).await.expect("it is held");
    assert!(store.check(&lease).await.is_err(), "its writes are refused");
}

#[tokio::test]
async fn trap_52_a_jump_of_the_time_of_day_ends_no_lease() {
    let (clock, store) = scene();
    let mut one = start(1, &store, &clock);
    let lease = one.holds().await;
    for moment in ["2090-01-01T00:00:00Z", "1990-01-01T00:00:00Z"] {
        clock.jump_to(moment.parse().expect("a moment"));
        pass(&clock, Duration::from_secs(10)).await;
        assert_eq!(*one.held.borrow(), Some(lease.clone()));
    }
}

#[test]
fn a_term_that_leaves_no_time_to_renew_is_refused() {
    let options = TenantOptions { term_ms: 900, renew_after_ms: 500 };
    assert_eq!(options.validate().expect_err("it is refused").problems.len(), 1);
}
