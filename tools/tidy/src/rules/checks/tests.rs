//! What counts as a proof.

use super::*;
use crate::rules::made_up::workspace;

fn problems(text: &str) -> Vec<String> {
    Checks::of(&workspace()).problems(text)
}

#[test]
fn tests_lints_bans_and_rules_are_proofs() {
    for proof in [
        "`money_is_conserved`",
        "`bank_domain::money_is_conserved`",
        "`unsafe_code`",
        "`clippy::unwrap_used`",
        "`std::thread::sleep`",
        "`openssl`",
        "`layers`",
        "`cargo xtask torture`",
        "`clippy.toml` and `money_is_conserved` in `bank-domain`",
    ] {
        assert_eq!(problems(proof), Vec::<String>::new(), "{proof}");
    }
}

#[test]
fn a_name_that_does_not_exist_is_no_proof() {
    for stranger in
        ["`money_is_made`", "`clippy::money_is_conserved`", "`money_is_conserved` and `gone.toml`"]
    {
        assert_eq!(problems(stranger).len(), 1, "{stranger}");
    }
}

#[test]
fn a_place_alone_proves_nothing() {
    assert_eq!(problems("`clippy.toml`"), ["it names no test, lint or rule in backticks"]);
    assert_eq!(problems("the tests of the store").len(), 1);
}

#[test]
fn a_function_that_is_no_test_is_no_proof() {
    let helper = workspace().edit("bank/domain/src/lib.rs", "#[test]\n", "");
    assert_eq!(Checks::of(&helper).problems("`money_is_conserved`").len(), 1);
}

#[test]
fn a_promise_may_run_ahead_of_its_crate_but_not_stay_behind() {
    assert_eq!(problems("It arrives with `ondol-gateway`."), Vec::<String>::new());
    assert_eq!(
        problems("It arrives with `ondol-store`."),
        ["`ondol-store` has arrived: name the test that keeps it"]
    );
}
