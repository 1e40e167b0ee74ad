//! The short form of `store-torture-postgres`.

use ondol_testkit::short_torture;

#[test]
fn every_promise_of_the_log_on_postgresql_survives_a_short_torture() {
    short_torture("store-torture-postgres", env!("CARGO_BIN_EXE_store-torture-postgres"));
}
