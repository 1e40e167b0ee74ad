//! The short form of `store-torture`.

use ondol_testkit::short_torture;

#[test]
fn every_promise_of_the_log_on_disk_survives_a_short_torture() {
    short_torture("store-torture", env!("CARGO_BIN_EXE_store-torture"));
}
