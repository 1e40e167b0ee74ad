//! The store in memory keeps every promise of the port.

use std::sync::Arc;

use ondol_timers::conformance::Stage;
use ondol_timers::{Limits, MemoryTimers};

async fn stage() -> Stage {
    let limits = Limits { orders_per_write_max: 10, ..Limits::default() };
    Stage { store: Arc::new(MemoryTimers::new(limits)), guard: Box::new(()) }
}

ondol_timers::conformance!(stage());
