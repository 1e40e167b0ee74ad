//! The store in memory keeps every promise of the port.

use std::sync::Arc;

use ondol_doors::ManualClock;
use ondol_kernel::Timestamp;
use ondol_lease::MemoryLeases;
use ondol_lease::conformance::Stage;

async fn stage() -> Stage {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    Stage { store: Arc::new(MemoryLeases::new(clock)) }
}

ondol_lease::conformance!(stage());
