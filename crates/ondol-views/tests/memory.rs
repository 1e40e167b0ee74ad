//! The store in memory keeps every promise of the port.

use std::sync::Arc;

use ondol_views::conformance::{Stage, limits};
use ondol_views::{FailOnce, MemoryViews};

async fn stage() -> Stage {
    let faults = Arc::new(FailOnce::default());
    let limits = limits();
    let store = Arc::new(MemoryViews::with_faults(limits, faults.clone()));
    Stage { store, faults, guard: Box::new(()) }
}

ondol_views::conformance!(stage());
