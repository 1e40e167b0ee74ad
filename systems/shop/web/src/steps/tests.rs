//! The six steps, as far as each purchase came.

use ondol_kernel::{Currency, Money};

use super::Mark::{Done, Failed, Now, ToDo, Undone, Waits};
use super::{Mark, marks};
use crate::api::{Flow, FlowLine, Order};

fn flow(state: &str, steps: &[&str], is_put_off: bool) -> Flow {
    let line = |step: &&str| FlowLine {
        time: "2026-11-28T12:00:00Z".to_owned(),
        kind: "asked".to_owned(),
        step: Some((*step).to_owned()),
    };
    let lines = steps.iter().map(line).collect();
    Flow { state: state.to_owned(), step: None, is_put_off, lines }
}

fn order(state: &str) -> Order {
    Order {
        id: "1".to_owned(),
        version: 1,
        state: state.to_owned(),
        lines: Vec::new(),
        total: Money::new(1, Currency::KRW),
        send_to: "SEOUL-04".to_owned(),
        because: None,
    }
}

#[test]
fn each_step_stands_as_far_as_the_purchase_came() {
    let cases: [(Flow, &str, [Mark; 6]); 6] = [
        (flow("beginning", &[], false), "placed", [Done, Now, ToDo, ToDo, ToDo, ToDo]),
        (
            flow("running", &["begin", "reserve 1", "authorized"], true),
            "reserved",
            [Done, Done, Waits, ToDo, ToDo, ToDo],
        ),
        (
            flow("running", &["reserve 1", "capture", "hand over 1", "arrived"], false),
            "shipped",
            [Done, Done, Done, Done, Done, Now],
        ),
        (flow("completed", &["note delivered"], false), "delivered", [Done; 6]),
        (
            flow("compensated", &["begin", "reserve 1"], false),
            "cancelled",
            [Done, Failed, ToDo, ToDo, ToDo, ToDo],
        ),
        (
            flow("unwinding", &["reserve 1", "ship", "taken"], false),
            "reserved",
            [Done, Undone, Undone, Failed, ToDo, ToDo],
        ),
    ];
    for (flow, state, expected) in cases {
        assert_eq!(marks(&flow, &order(state)), expected, "{flow:?}");
    }
}
