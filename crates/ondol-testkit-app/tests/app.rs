//! A whole app in memory: what it does is seen at once, the same each time, and what is wrong
//! with it is not overlooked.

#[path = "app/pantry.rs"]
mod pantry;

use std::time::Duration;

use ondol_runtime::Request;
use ondol_testkit_app::{TestApp, TestOptions};
use serde_json::{Value, json};

use pantry::{Ask, Event, Jar, Refusal, Totals, UNCOUNTED};

#[test]
fn what_follows_from_a_command_is_seen_in_the_views() {
    let app = TestApp::of(pantry::app());
    app.given::<Jar>("plums", [Event::Filled(2)]);
    app.send::<Jar>("plums", Ask::Eat).then([Event::Eaten]);
    app.send::<Jar>("nuts", Ask::Eat).refused(Refusal::Empty);
    assert_eq!(app.view::<Totals>("plums"), Some(Totals { sweets: 1 }));
    assert_eq!(app.view::<Totals>("nuts"), None);
    assert_eq!(app.history::<Jar>("plums"), [Event::Filled(2), Event::Eaten]);
    assert_eq!(app.standing::<Jar>("plums").state, Jar(1));
    assert_eq!(app.documents::<Totals>(), [("plums".to_owned(), Totals { sweets: 1 })]);
    app.check();
}

#[test]
fn a_thousand_events_are_folded_without_any_time_passing() {
    let app = TestApp::of(pantry::app());
    for _ in 0..1_000 {
        app.send::<Jar>("plums", Ask::Put(1)).then([Event::Filled(1)]);
        app.send::<Jar>("plums", Ask::Eat).then([Event::Eaten]);
    }
    assert_eq!(app.view::<Totals>("plums"), Some(Totals { sweets: 0 }));
    assert_eq!(app.now(), TestOptions::default().begins);
    app.check();
}

#[test]
fn a_command_that_is_repeated_has_one_effect_also_after_a_crash() {
    let mut app = TestApp::of(pantry::app());
    let request = Request::new(app.command_id());
    let first = app.try_send::<Jar>("plums", Ask::Put(3), &request).expect("it is answered");
    app.crash();
    let again = app.try_send::<Jar>("plums", Ask::Put(3), &request).expect("it is answered");
    assert!(!first.repeated && again.repeated);
    app.restart();
    assert_eq!(app.view::<Totals>("plums"), Some(Totals { sweets: 3 }));
    app.check();
}

#[test]
fn routes_are_called_as_a_function() {
    let app = TestApp::of(pantry::app());
    app.given::<Jar>("plums", [Event::Filled(2)]);
    let eaten = app.post("/jars/plums/eat", "the-first", &Value::Null).expect(200);
    let again = app.post("/jars/plums/eat", "the-first", &Value::Null).expect(200);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json(), eaten.json());
    let seen = app.get_after("/jars/plums", eaten.header("ondol-position")).expect(200);
    assert_eq!(seen.json(), json!(1));
    assert_eq!(app.get("/jars/nuts").expect(404).json()["code"], "not-found");
}

#[test]
fn names_that_would_be_orders_elsewhere_are_names_here() {
    let app = TestApp::of(pantry::app());
    for name in ["x'; DROP TABLE ondol_views; --", "{$gt: \"\"}", "=cmd|' /C calc'!A0", "%s%n"] {
        app.send::<Jar>(name, Ask::Put(1)).then([Event::Filled(1)]);
        assert_eq!(app.view::<Totals>(name), Some(Totals { sweets: 1 }), "{name}");
    }
    assert_eq!(app.documents::<Totals>().len(), 4);
    app.check();
}

#[test]
fn what_waits_for_what_does_not_come_waits_in_the_time_of_the_test() {
    let app = TestApp::of(pantry::app());
    app.given::<Jar>("plums", [Event::Filled(2)]);
    let eaten = app.post("/jars/plums/eat", "the-first", &Value::Null);
    let token = eaten.header("ondol-position");
    let (life, _position) = token.split_once('.').expect("a token has two parts");
    let beyond = format!("{life}.999");
    let began = app.now();
    let answer = app.get_after("/jars/plums", &beyond);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(app.now().since(began) >= Duration::from_secs(2), "it waited");
}

#[test]
fn time_passes_from_one_who_waits_to_the_next() {
    let app = TestApp::of(pantry::app());
    let clock = app.stage().services[0].home().ground.clock.clone();
    let woken = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    for (name, every) in [("slow", 25), ("quick", 10)] {
        let (clock, woken) = (clock.clone(), woken.clone());
        app.beside(name, async move {
            loop {
                clock.sleep(Duration::from_secs(every)).await;
                woken.lock().expect("nobody panics").push((name, clock.running().as_secs()));
            }
        });
    }
    app.advance(Duration::from_secs(31));
    let seen = std::mem::take(&mut *woken.lock().expect("nobody panics"));
    assert_eq!(seen, [("quick", 10), ("quick", 20), ("slow", 25), ("quick", 30)]);
    app.leap(Duration::from_secs(29));
    let seen = woken.lock().expect("nobody panics").clone();
    assert_eq!(seen, [("quick", 60), ("slow", 60)], "each once, in the order of their times");
}

#[test]
fn the_same_seed_gives_the_same_log_and_another_gives_another() {
    let live = |seed| {
        let mut app = TestApp::with(pantry::app(), &TestOptions { seed, ..TestOptions::default() });
        for round in 0..20 {
            app.send::<Jar>("plums", Ask::Put(round));
            app.advance(Duration::from_millis(7));
            if round % 7 == 3 {
                app.crash();
            }
        }
        app.log("pantry.jars")
    };
    assert_eq!(live(7), live(7));
    assert_ne!(live(7), live(8));
}

#[test]
#[should_panic(expected = "it waits for what never comes")]
fn what_can_never_be_done_fails_the_test_instead_of_hanging() {
    let app = TestApp::of(pantry::app());
    app.run(std::future::pending::<()>());
}

#[test]
#[should_panic(expected = "1 of totals")]
fn what_is_parked_is_not_overlooked() {
    let app = TestApp::of(pantry::app());
    app.send::<Jar>("plums", Ask::Put(UNCOUNTED)).then([Event::Filled(UNCOUNTED)]);
    app.send::<Jar>("nuts", Ask::Put(1)).then([Event::Filled(1)]);
    assert_eq!(app.view::<Totals>("nuts"), Some(Totals { sweets: 1 }), "other keys flow");
    app.check();
}

#[test]
#[should_panic(expected = "the clerk has ended: Panicked(\"ink is out\")")]
fn a_task_that_fails_fails_the_test() {
    let app = TestApp::of(pantry::app());
    app.beside("the clerk", async { panic!("ink is out") });
    app.settle();
}

#[test]
#[should_panic(expected = "what is given cannot have happened")]
fn what_cannot_have_happened_cannot_be_given() {
    TestApp::of(pantry::app()).given::<Jar>("plums", [Event::Eaten]);
}

#[test]
#[should_panic(expected = "Refused")]
fn a_refusal_is_not_taken_for_an_acceptance() {
    TestApp::of(pantry::app()).send::<Jar>("plums", Ask::Eat).accepted();
}
