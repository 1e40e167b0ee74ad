//! The store in PostgreSQL keeps every promise of the port, on a real server.

use std::sync::Arc;

use ondol_doors::SystemClock;
use ondol_lease::conformance::Stage;
use ondol_lease_postgres::{Options, PostgresLeases};
use ondol_testkit::servers;

async fn stage() -> Stage {
    let options = Options::at(servers::postgres().fresh_database());
    let store = PostgresLeases::open(options, Arc::new(SystemClock::start())).await;
    Stage { store: Arc::new(store.expect("the database is opened")) }
}

ondol_lease::conformance!(stage());
