//! Transfers that are under way outlive the program that began them.

use bank_domain::TransferId;
use bank_domain::transfer::{Transfer, transfer};
use ondol_domain::{Fingerprint, json};
use ondol_kernel::{Currency, Money};

#[test]
fn a_transfer_that_is_under_way_finds_its_definition() {
    let shape = r#""bank.transfer"/"screen"falsefalsetrue&/"hold"truefalsefalse&"#.to_owned()
        + r#"/"deposit"falsefalsefalse&!"settle"falsefalsefalse&"#;
    assert_eq!(transfer().fingerprint(), Fingerprint::of(&shape));
}

#[test]
fn what_a_transfer_knew_is_read_in_every_form_it_was_written_in() {
    let known = Transfer {
        id: TransferId::from_u128(7),
        from: "1".to_owned(),
        to: "2".to_owned(),
        amount: Money::new(300, Currency::KRW),
    };
    let mut written = json::to_value(&known).expect("it is written");
    let read = |written: &json::Value| json::from_value::<Transfer>(written.clone()).expect("read");
    assert_eq!(read(&written), known);
    for oddness in [json::Value::Null, json::json!(5)] {
        written["oddness"] = oddness;
        assert_eq!(read(&written), known);
    }
}
