//! The bank, whole, in memory: money is where it should be whatever happens in between.

use bank::views::{Balance, Line, LineKind};
use bank_domain::account::{Account, Command, Event, Refusal};
use bank_domain::{CustomerId, TransferId};
use ondol_kernel::{Currency, Money};
use ondol_testkit_app::{TestApp, TestOptions};
use serde_json::json;

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn opened() -> Event {
    Event::Opened { owner: CustomerId::from_u128(7), currency: Currency::KRW }
}

#[test]
fn a_payment_is_on_the_balance_and_on_the_statement() {
    let app = TestApp::of(bank::app());
    app.given::<Account>("kim", [opened(), Event::Deposited { amount: won(50_000) }]);
    let paid = Event::Withdrawn { amount: won(20_000) };
    app.send::<Account>("kim", Command::Withdraw { amount: won(20_000) }).then([paid]);
    let more = Command::Withdraw { amount: won(40_000) };
    app.send::<Account>("kim", more).refused(Refusal::NotEnoughMoney { available: won(30_000) });
    let balance = app.view::<Balance>("kim").expect("it has a balance");
    assert_eq!(balance.balance, Some(won(30_000)));
    let lines: Vec<_> = app.documents::<Line>().into_iter().map(|(_, line)| line.kind).collect();
    assert_eq!(lines, [LineKind::Opened, LineKind::Deposited, LineKind::Withdrawn]);
    app.check();
}

#[test]
fn e9_what_is_missing_or_of_no_known_kind_is_refused_and_nothing_happens() {
    let app = TestApp::of(bank::app());
    let owner = "0190a000-0000-7000-8000-000000000001";
    let asked = |body: serde_json::Value, status: u16| {
        let key = body.to_string();
        app.post("/accounts", &key, &body).expect(status);
    };
    asked(json!({ "owner": owner }), 422);
    asked(json!({ "owner": owner, "currency": "WON" }), 422);
    asked(json!({ "owner": "x' OR '1'='1", "currency": "KRW" }), 422);
    asked(json!({ "owner": owner, "currency": "KRW", "balance": "5" }), 400);
    asked(json!({ "owner": owner, "currency": "KRW", "position": 1 }), 400);
    assert!(app.log("bank.account").is_empty());
}

#[test]
fn no_money_is_made_or_lost_by_crashes_and_repeated_requests() {
    for seed in 1..=5 {
        let mut app = TestApp::with(bank::app(), &TestOptions { seed, ..TestOptions::default() });
        app.given::<Account>("kim", [opened(), Event::Deposited { amount: won(1_000) }]);
        for number in 0..20 {
            let transfer = TransferId::from_u128(number);
            let hold = Command::Hold { transfer, amount: won(10) };
            let request = ondol_runtime::Request::new(app.command_id());
            for _ in 0..2 {
                app.try_send::<Account>("kim", hold.clone(), &request).expect("it is answered");
                if (number + u128::from(seed)) % 3 == 0 {
                    app.crash();
                }
            }
            app.send::<Account>("kim", Command::Settle { transfer });
        }
        let balance = app.view::<Balance>("kim").expect("it has a balance");
        assert_eq!((balance.balance, balance.held()), (Some(won(800)), Some(won(0))));
        app.check();
    }
}
