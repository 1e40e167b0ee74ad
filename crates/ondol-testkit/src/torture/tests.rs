//! A torture that holds, and one that does not.

use std::panic::catch_unwind;

use super::*;

#[test]
fn a_torture_that_held_says_nothing() {
    short_torture("patience", "true");
}

#[test]
fn a_torture_that_broke_says_how_to_do_it_again() {
    let broke = catch_unwind(|| short_torture("patience", "false")).expect_err("it broke");
    let told = broke.downcast_ref::<String>().expect("words");
    assert!(
        told.starts_with("patience broke; again: cargo xtask torture patience --short --seed ")
    );
}
