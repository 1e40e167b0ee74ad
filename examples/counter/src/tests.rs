//! The counter, whole, in memory.

use ondol_testkit_app::TestApp;
use serde_json::{Value, json};

use super::*;

#[test]
fn it_goes_up_and_down_to_nought_and_no_further() {
    let app = TestApp::of(app());
    app.post("/visitors/up", "first", &Value::Null).expect(200);
    app.post("/visitors/up", "first", &Value::Null).expect(200);
    assert_eq!(app.get("/visitors").expect(200).json(), json!(1), "one key, one effect");
    app.post("/visitors/down", "second", &Value::Null).expect(200);
    let refused = app.post("/visitors/down", "third", &Value::Null).expect(422);
    assert_eq!(refused.json()["detail"], "The counter is at nought.");
    assert_eq!(app.get("/visitors").json(), json!(0));
}

#[test]
fn it_counts_on_after_a_crash() {
    let mut app = TestApp::of(app());
    app.given::<Counter>("visitors", [Event::WentUp, Event::WentUp]);
    app.crash();
    app.send::<Counter>("visitors", Ask::Down).then([Event::WentDown]);
    assert_eq!(app.standing::<Counter>("visitors").state.0, 1);
    app.check();
}
