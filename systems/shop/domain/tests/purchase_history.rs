//! Purchases that are under way outlive the program that began them.

use ondol_domain::Fingerprint;
use shop_domain::purchase::purchase_of_up_to;

/// What purchases of two products have been recognised by since the first of them.
const FIRST: &str = r#""shop.purchase"/"begin"truefalsefalse&
/"reserve 1"truetruefalse&"reserve 2"truetruefalse&/"note reserved"falsefalsetrue&
/"request payment"truefalsefalse&/"authorized"falsefalsefalse{of_payment}&
/"ship"truefalsefalse&/"taken"falsefalsefalse{of_shipment}&/"capture"falsefalsefalse&
!"hand over 1"falsetruefalse&"hand over 2"falsetruefalse&/"note paid"falsefalsefalse&
/"note shipped"falsefalsefalse&/"book"falsefalsefalse&
/"arrived"falsefalsefalse{of_shipment}&/"note delivered"falsefalsefalse&"#;

#[test]
fn a_purchase_that_is_under_way_finds_its_definition() {
    let purchase = purchase_of_up_to(2);
    let shape = purchase.shape();
    let waits = |step: &str| {
        let found = shape.stages.iter().flatten().find(|one| one.name == step);
        format!("{:?}", found.expect("the step").waits_for)
    };
    let first = FIRST.replace('\n', "");
    let first = first.replace("{of_payment}", &waits("authorized"));
    let first = first.replace("{of_shipment}", &waits("taken"));
    assert_eq!(purchase.fingerprint(), Fingerprint::of(&first));
}
