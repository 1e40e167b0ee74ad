//! The store in memory keeps every promise of the port.

use std::sync::Arc;

use ondol_views::conformance::Stage;
use ondol_views::{FailOnce, Limits, MemoryViews};

async fn stage() -> Stage {
    let faults = Arc::new(FailOnce::default());
    let limits =
        Limits { counted_max: 5_000, parked_max: 100, waiting_max: 100, ..Limits::default() };
    let store = Arc::new(MemoryViews::with_faults(limits, faults.clone()));
    Stage { store, faults, guard: Box::new(()) }
}

ondol_views::conformance!(stage());
