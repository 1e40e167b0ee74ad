//! Screens as text.

use serde_json::json;

use super::draw;

fn figures() -> serde_json::Value {
    json!({
        "time": "2026-01-01T00:00:00Z",
        "version": 3,
        "routes": [{ "name": "accounts", "does": "canary", "per_second": 12.5, "errors_percent": 4.0, "p50_ms": 0.5 }],
        "backends": [
            { "name": "a", "breaker": "open", "probes_in": "12s" },
            { "name": "b", "breaker": "recovering", "recovery_step": 1, "recovery_share": 0.5 },
        ],
        "canaries": [{ "route": "accounts", "state": "walking", "frozen": true, "percent": 25 }],
        "switches": [{ "route": "cards", "active": "green", "blue": "one", "green": "two" }],
        "mirrors": [{ "route": "x", "to": "new", "waiting": 0, "compared": 9, "fields_differing": 1 }],
        "refusals": { "gateway-no-route": 2.0 },
        "limits": { "connections": 4, "bulkheads": { "a": { "calls": 1 } }, "rates": { "per-user": { "keys": 7, "exceeded_per_second": 3.0 } }, "redis_up": { "main": false } },
    })
}

#[test]
fn breakers_are_told_with_their_countdown_and_their_step() {
    let screen = draw(&figures(), false);
    for said in [
        "open, probes in 12s",
        "recovering, step 2 at 50 %",
        "frozen",
        "green        one / two",
        "gateway-no-route",
        "12.5",
        "per-user",
        "down: each gateway",
    ] {
        assert!(screen.contains(said), "{said}:\n{screen}");
    }
    assert!(!screen.contains('\u{1b}'), "no colours where nobody wants them");
    assert!(draw(&figures(), true).contains("\u{1b}[31m"));
}

#[test]
fn a_name_cannot_tell_the_terminal_what_to_do() {
    let mut figures = figures();
    figures["routes"][0]["name"] = json!("a\u{1b}[2Jb");
    assert!(!draw(&figures, false).contains('\u{1b}'));
}

#[test]
fn nothing_at_all_is_a_screen_too() {
    assert!(draw(&json!({}), false).contains("ROUTE"));
}
