//! Two backends of which one serves, over real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::control::Desk;
use super::rig::{Reply, Upstream, say, send, until};

fn file(blue: &Upstream, green: &Upstream, active: &str) -> String {
    format!(
        "[backends.one]\nendpoints = [\"http://{}\"]\n[backends.two]\nendpoints = [\"http://{}\"]\n\
         [routes.all]\nblue_green = {{ blue = \"one\", green = \"two\", active = \"{active}\" }}\n",
        blue.address, green.address
    )
}

#[test]
fn a_switch_takes_everything_at_once_fails_nothing_and_goes_back_at_once() {
    let (hold, held) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (wait, waits) = (Arc::clone(&hold), Arc::clone(&held));
    let blue = Upstream::answering(move |received, stream| {
        if received.head.contains("/slow") {
            waits.store(true, Ordering::SeqCst);
            until("it may answer", || !wait.load(Ordering::SeqCst));
        }
        say(stream, "blue")
    });
    let green = Upstream::saying("green");
    let desk = Desk::start("switch", &file(&blue, &green, "blue"));
    let address = desk.rig.address;
    let slow = std::thread::spawn(move || {
        let ask = b"GET /slow HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
        Reply::of(&send(address, ask, usize::MAX))
    });
    until("blue has a request", || held.load(Ordering::SeqCst));
    let turn =
        |to: &str| desk.act("switches/all", &json!({ "to": to, "reason": "a release" })).status;
    assert_eq!(desk.rig.get("/", "").body, "blue");
    assert_eq!(turn("green"), 200);
    assert!((0..10).all(|_| desk.rig.get("/", "").body == "green"));
    assert_eq!(turn("green"), 409, "it serves already");
    assert_eq!(turn("red"), 400);
    hold.store(false, Ordering::SeqCst);
    assert_eq!(
        slow.join().expect("the request").body,
        "blue",
        "what was under way has ended there"
    );
    assert_eq!(desk.see("switches/all")["active"], "green");
    assert_eq!(turn("blue"), 200);
    assert!((0..10).all(|_| desk.rig.get("/", "").body == "blue"));
}

#[test]
fn what_was_switched_by_hand_holds_over_reloads_and_restarts_until_the_file_says_otherwise() {
    let (blue, green) = (Upstream::saying("blue"), Upstream::saying("green"));
    let desk = Desk::start("switch-file", &file(&blue, &green, "blue"));
    assert_eq!(
        desk.act("switches/all", &json!({ "to": "green", "reason": "a release" })).status,
        200
    );
    let text = |active: &str, more: &str| {
        super::control::head(&desk.folder) + &file(&blue, &green, active) + more
    };
    desk.rig.reload(&text("blue", "timeout = \"9s\"\n"));
    assert_eq!(desk.rig.get("/", "").body, "green", "the file says what it said");
    let again = text("blue", "");
    let Desk { rig, folder, .. } = desk;
    drop(rig);
    let desk = Desk::on(folder, &again);
    assert_eq!(desk.rig.get("/", "").body, "green", "it is the same after a restart");
    let text = |active: &str| super::control::head(&desk.folder) + &file(&blue, &green, active);
    desk.rig.reload(&text("green"));
    assert_eq!(desk.rig.get("/", "").body, "green");
    desk.rig.reload(&text("blue"));
    assert_eq!(desk.rig.get("/", "").body, "blue", "the file says something else");
}

#[test]
fn a_configuration_that_is_refused_changes_nothing_of_what_was_switched() {
    let (blue, green) = (Upstream::saying("blue"), Upstream::saying("green"));
    let desk = Desk::start("switch-refused", &file(&blue, &green, "blue"));
    assert_eq!(
        desk.act("switches/all", &json!({ "to": "green", "reason": "a release" })).status,
        200
    );
    let head = super::control::head(&desk.folder);
    let other = head.clone() + &file(&blue, &green, "green");
    // A certificate that is not there: found when it is made ready.
    let wrong = other
        + "[backends.three]\nendpoints = [\"https://127.0.0.1:1\"]\nauthorities = \"/nowhere\"\n";
    let config = ondol_gateway::Config::read("gateway.toml", &wrong).expect("good words");
    assert!(desk.rig.handle.reload(config).is_err());
    assert_eq!(desk.act("switches/all", &json!({ "to": "blue", "reason": "back" })).status, 200);
    assert_eq!(desk.act("switches/all", &json!({ "to": "green", "reason": "again" })).status, 200);
    let Desk { rig, folder, .. } = desk;
    drop(rig);
    let desk = Desk::on(folder, &(head + &file(&blue, &green, "blue")));
    assert_eq!(desk.rig.get("/", "").body, "green", "by hand, and over a restart");
}
