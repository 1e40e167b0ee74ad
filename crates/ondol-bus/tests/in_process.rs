//! The suite over no way at all.

use ondol_bus::conformance::InProcess;

ondol_bus::conformance!(std::future::ready(InProcess));
