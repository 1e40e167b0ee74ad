//! The short form of `saga-torture`.

use ondol_testkit::short_torture;

#[test]
fn random_sagas_end_and_add_up_in_a_short_torture() {
    short_torture("saga-torture", env!("CARGO_BIN_EXE_saga-torture"));
}
