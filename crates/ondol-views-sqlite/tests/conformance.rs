//! The store in SQLite keeps every promise of the port.

use std::sync::Arc;

use ondol_views::FailOnce;
use ondol_views::conformance::{Stage, limits};
use ondol_views_sqlite::{Options, SqliteViews};

async fn stage() -> Stage {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let faults = Arc::new(FailOnce::default());
    let limits = limits();
    let options = Options { limits, ..Options::at(folder.path().join("views.db")) };
    let store = SqliteViews::open_with_faults(options, faults.clone()).expect("the file is opened");
    Stage { store: Arc::new(store), faults, guard: Box::new(folder) }
}

ondol_views::conformance!(stage());
