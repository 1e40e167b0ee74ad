//! The store in PostgreSQL keeps every promise of the port, on a real server.

use std::sync::Arc;

use ondol_doors::SystemClock;
use ondol_testkit::servers;
use ondol_timers::Limits;
use ondol_timers::conformance::Stage;
use ondol_timers_postgres::{Options, PostgresTimers};

async fn stage() -> Stage {
    let database = servers::postgres().fresh_database();
    let limits = Limits { orders_per_write_max: 10, ..Limits::default() };
    let options = Options { limits, ..Options::at(database) };
    let store = PostgresTimers::open(options, Arc::new(SystemClock::start())).await;
    Stage { store: Arc::new(store.expect("the database is opened")), guard: Box::new(()) }
}

ondol_timers::conformance!(stage());
