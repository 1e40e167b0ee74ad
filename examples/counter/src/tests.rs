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

#[test]
fn e19_whatever_a_counter_is_called_is_a_text_and_nothing_else() {
    let app = TestApp::of(app());
    for (at, name) in [
        "x' OR '1'='1",
        "x'; DROP TABLE ondol_views; --",
        "{\"$gt\":\"\"}",
        "=HYPERLINK(\"http://x\")",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "\u{ac00}\u{b098}",
    ]
    .into_iter()
    .enumerate()
    {
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        app.post(&format!("/{escaped}/up"), &format!("up-{at}"), &Value::Null).expect(200);
        assert_eq!(app.get(&format!("/{escaped}")).expect(200).json(), json!(1), "{name}");
        assert_eq!(app.standing::<Counter>(name).state.0, 1, "{name}");
    }
    app.post("/%E2%80%AEx/up", "unseen", &Value::Null).expect(404);
    app.check();
}
