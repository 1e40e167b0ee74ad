//! From an order to a notice or back to a cancelled order, with everything that can go wrong at
//! every append: nobody leads, and it comes to the same end.

use std::time::Duration;

use ondol_testkit_app::{FlowProof, TestApp};
use serde_json::Value;

fn asks(app: &TestApp, path: &str) -> bool {
    app.post(path, path, &Value::Null).status.is_success()
}

fn numbers(app: &TestApp) -> [Value; 5] {
    let order = app.get("/orders/o1").json();
    let shelf = app.get("/shelves/plums").json();
    let cancelled = app.get("/orders/o1/cancelled").json();
    let letters = app.get("/letters/o1").json();
    [order["second"].clone(), cancelled, letters, shelf["first"].clone(), shelf["second"].clone()]
}

/// The proof of one order of so many pieces: how often it is confirmed, how often cancelled, how
/// many letters are written, how many pieces are left and how many reserved.
fn proof(path: &'static str, end: [u32; 5]) -> FlowProof {
    FlowProof::of(|| corner::app(None))
        .within(Duration::from_secs(15))
        .beginning(move |app| asks(app, "/shelves/plums/100") && asks(app, path))
        .invariant("the books are right", move |app| {
            let found = numbers(app);
            if found == end { Ok(()) } else { Err(format!("{found:?} and not {end:?}")) }
        })
}

#[test]
fn an_order_that_can_be_sent_is_confirmed_whatever_goes_wrong() {
    let report = proof("/orders/o1/plums/20", [1, 0, 1, 80, 20]).check();
    assert!(report.appends >= 5 && report.crashes >= 10, "{report}");
}

#[test]
fn an_order_that_no_parcel_has_room_for_is_given_back_and_cancelled_whatever_goes_wrong() {
    let report = proof("/orders/o1/plums/60", [0, 1, 0, 100, 0]).check();
    assert!(report.appends >= 6 && report.crashes >= 10, "{report}");
}
