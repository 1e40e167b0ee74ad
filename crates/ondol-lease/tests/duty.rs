//! Who works only while a lease is held begins and leaves off with it.

use std::sync::Arc;
use std::time::Duration;

use ondol_doors::ManualClock;
use ondol_kernel::{Id, Timestamp};
use ondol_lease::{Duty, LeaseName, LeaseStore, MemoryLeases, Taken, Tenant, TenantOptions};
use tokio::task::JoinSet;

const TERM: Duration = Duration::from_secs(2);

struct House {
    clock: Arc<ManualClock>,
    leases: Arc<MemoryLeases>,
    name: LeaseName,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        let leases = Arc::new(MemoryLeases::new(clock.clone()));
        Self {
            clock,
            leases,
            name: LeaseName::new("singletons").expect("it is as the test needs it"),
        }
    }

    /// A process that wants the lease, until what is given is dropped.
    fn enter(&self, who: u128) -> (Duty, JoinSet<()>) {
        let (leases, clock) = (self.leases.clone(), self.clock.clone());
        let (name, holder) = (self.name.clone(), Id::from_u128(who));
        let tenant = Tenant::new(TenantOptions::default(), name, holder, leases, clock)
            .expect("it is as the test needs it");
        let duty = tenant.duty();
        let mut task = JoinSet::new();
        task.spawn(async move {
            tenant.run(std::future::pending()).await.expect("it is as the test needs it")
        });
        (duty, task)
    }

    async fn passes(&self, duration: Duration) {
        for _step in 0..50 {
            self.clock.advance(duration / 50);
            for _turn in 0..10 {
                tokio::task::yield_now().await;
            }
        }
    }
}

#[tokio::test]
async fn where_there_is_no_other_process_the_duty_is_always_on() {
    let duty = Duty::always();
    let tenure = duty.begin().await;
    assert!(duty.is_on() && !tenure.is_over() && duty.lease().is_none());
}

#[tokio::test]
async fn a_tenure_begins_with_the_lease_and_is_over_when_another_has_it() {
    let house = House::new();
    let (first, one) = house.enter(1);
    let tenure = first.begin().await;
    let (second, _two) = house.enter(2);
    house.passes(Duration::from_secs(10)).await;
    assert!(first.is_on() && !second.is_on() && !tenure.is_over());
    // The process dies.
    drop(one);
    house.passes(TERM + Duration::from_secs(1)).await;
    assert!(!first.is_on() && tenure.is_over());
    tenure.over().await;
    assert!(second.is_on() && !second.begin().await.is_over());
}

#[tokio::test]
async fn one_who_was_paused_knows_before_it_hears_anything_that_its_term_is_over() {
    let house = House::new();
    let (duty, _task) = house.enter(1);
    let tenure = duty.begin().await;
    assert!(duty.is_on() && !tenure.is_over());
    // Time passes, and nobody of this process gets a turn: as while it is paused.
    house.clock.advance(TERM);
    assert!(!duty.is_on() && tenure.is_over() && duty.lease().is_none());
}

#[tokio::test]
async fn a_lease_that_was_lost_and_taken_again_is_another_tenure() {
    let house = House::new();
    let (duty, _task) = house.enter(1);
    let tenure = duty.begin().await;
    house.clock.advance(TERM);
    let taken = house.leases.take(&house.name, Id::from_u128(2), TERM).await.unwrap();
    assert!(matches!(taken, Taken::Held(_)), "{taken:?}");
    house.passes(Duration::from_secs(10)).await;
    assert!(duty.is_on(), "it has taken it again");
    assert!(tenure.is_over(), "and that is another time");
    tenure.over().await;
}
