//! The store in PostgreSQL keeps every promise of the port, on a real server.

use std::sync::Arc;

use ondol_doors::SystemClock;
use ondol_testkit::servers;
use ondol_views::FailOnce;
use ondol_views::conformance::{Stage, limits};
use ondol_views_postgres::{Options, PostgresViews};

async fn stage() -> Stage {
    let database = servers::postgres().fresh_database();
    let faults = Arc::new(FailOnce::default());
    let limits = limits();
    let options = Options { limits, connections_max: 4, ..Options::at(database) };
    let clock = Arc::new(SystemClock::start());
    let store = PostgresViews::open_with_faults(options, clock, faults.clone()).await;
    Stage { store: Arc::new(store.expect("the database is opened")), faults, guard: Box::new(()) }
}

ondol_views::conformance!(stage());
