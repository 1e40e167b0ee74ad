//! Behind a fence nothing is written once another process has taken over, and reads go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use ondol_doors::SystemClock;
use ondol_kernel::{Id, Position, Timestamp};
use ondol_lease::{Fence, LeaseError, LeaseName};
use ondol_testkit::servers;
use ondol_views::{
    Advance, Checkpoint, DefineError, Definition, SourceName, Target, ViewId, ViewName, ViewStore,
    Write, WriteError,
};
use ondol_views_postgres::{Options, PostgresViews};

/// How the lease stands, as a test wants it.
#[derive(Debug, Default)]
struct Lease(AtomicU8);

const HELD: u8 = 0;
const TAKEN_BY_OTHER: u8 = 1;
const OVER: u8 = 2;

impl Fence for Lease {
    fn statement(&self) -> Result<String, LeaseError> {
        match self.0.load(Ordering::SeqCst) {
            HELD => Ok("SELECT 1".to_owned()),
            TAKEN_BY_OTHER => Ok("SELECT 1 WHERE false".to_owned()),
            _ => Err(LeaseError::NotHeld { name: LeaseName::new("a").expect("a name") }),
        }
    }
}

fn advance(view: &ViewId, from: Option<u64>, to: u64) -> Write {
    let at = |position| Checkpoint { epoch: Id::from_u128(1), position: Position::new(position) };
    let source = SourceName::new("bank").expect("a name");
    let advances = vec![Advance { source, from: from.map(at), to: at(to) }];
    Write { advances, ..Write::to(view.clone()) }
}

#[tokio::test]
async fn trap_33_one_who_was_overtaken_writes_and_defines_nothing() {
    let database = servers::postgres().fresh_database();
    let lease = Arc::new(Lease::default());
    let clock = Arc::new(SystemClock::start());
    let views = PostgresViews::open(Options::at(database), clock).await.expect("it is opened");
    let views = views.fenced(lease.clone());
    let definition = |version| Definition {
        id: ViewId::first(ViewName::new("balance").expect("a name"), version),
        indexes: Vec::new(),
        fold: 1,
        made: Timestamp::EPOCH,
    };
    let view = definition(1).id;
    views.create(definition(1)).await.expect("it is made");
    views.write(advance(&view, None, 5)).await.expect("it is written");
    for stands in [TAKEN_BY_OTHER, OVER] {
        lease.0.store(stands, Ordering::SeqCst);
        let written = views.write(advance(&view, Some(5), 9)).await;
        assert!(matches!(written, Err(WriteError::Overtaken(_))), "{written:?}");
        let made = views.create(definition(2)).await;
        assert!(matches!(made, Err(DefineError::Overtaken(_))), "{made:?}");
        let served = views.serve(&view).await;
        assert!(matches!(served, Err(DefineError::Overtaken(_))), "{served:?}");
        let dropped = views.drop_view(&view).await;
        assert!(matches!(dropped, Err(DefineError::Overtaken(_))), "{dropped:?}");
        let (_, stands) = views.checkpoints(&Target::Exactly(view.clone())).await.expect("read");
        assert_eq!(stands[0].checkpoint.position, Position::new(5));
        assert_eq!(views.list().await.expect("listed").len(), 1);
    }
    lease.0.store(HELD, Ordering::SeqCst);
    views.write(advance(&view, Some(5), 9)).await.expect("it is written again");
}
