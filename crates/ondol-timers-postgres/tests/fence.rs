//! Behind a fence nothing is written once another process has taken over, and reads go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ondol_doors::SystemClock;
use ondol_kernel::{Id, Position};
use ondol_lease::{Fence, LeaseError};
use ondol_testkit::servers;
use ondol_timers::{BookName, Checkpoint, TimerStore, Write, WriteError};
use ondol_timers_postgres::{Options, PostgresTimers};

/// Whether another has the lease.
#[derive(Debug, Default)]
struct Lease(AtomicBool);

impl Fence for Lease {
    fn statement(&self) -> Result<String, LeaseError> {
        let is_taken = self.0.load(Ordering::SeqCst);
        Ok(if is_taken { "SELECT 1 WHERE false" } else { "SELECT 1" }.to_owned())
    }
}

#[tokio::test]
async fn trap_33_one_who_was_overtaken_keeps_no_timers() {
    let database = servers::postgres().fresh_database();
    let lease = Arc::new(Lease::default());
    let clock = Arc::new(SystemClock::start());
    let timers = PostgresTimers::open(Options::at(database), clock).await.expect("it is opened");
    let timers = timers.fenced(lease.clone());
    let book: BookName = "things".parse().expect("a name");
    let at = |position| Checkpoint { epoch: Id::from_u128(1), position: Position::new(position) };
    let write = |from, to| Write { book: book.clone(), from, to, orders: Vec::new() };
    timers.write(write(None, at(5))).await.expect("it is written");
    lease.0.store(true, Ordering::SeqCst);
    let written = timers.write(write(Some(at(5)), at(9))).await;
    assert!(matches!(written, Err(WriteError::Overtaken(_))), "{written:?}");
    let settled = timers.settle(&book, Vec::new()).await;
    assert!(matches!(settled, Err(WriteError::Overtaken(_))), "{settled:?}");
    let cleared = timers.clear(&book).await;
    assert!(matches!(cleared, Err(WriteError::Overtaken(_))), "{cleared:?}");
    assert_eq!(timers.checkpoint(&book).await.expect("it is read"), Some(at(5)));
}
