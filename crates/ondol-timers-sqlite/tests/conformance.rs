//! The store in SQLite keeps every promise of the port.

use std::sync::Arc;

use ondol_timers::Limits;
use ondol_timers::conformance::Stage;
use ondol_timers_sqlite::{Options, SqliteTimers};

async fn stage() -> Stage {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let limits = Limits { orders_per_write_max: 10, ..Limits::default() };
    let options = Options { limits, ..Options::at(folder.path().join("timers.db")) };
    let store = SqliteTimers::open(&options).expect("the file is opened");
    Stage { store: Arc::new(store), guard: Box::new(folder) }
}

ondol_timers::conformance!(stage());
