//! What a device's request does, told as stories.

use identity_domain::device::{Command, Device, Event, Refusal};
use identity_domain::{GrantId, Method, SessionId, SignIn, UserId};
use ondol_testkit::Story;

fn asked() -> Event {
    Event::Asked {
        client: "tv".to_owned(),
        scopes: Vec::new(),
        secret: "hash".to_owned(),
        grant: GrantId::from_u128(4),
        until: 600,
    }
}

fn sign_in() -> SignIn {
    let methods = vec![Method::Password];
    SignIn { id: SessionId::from_u128(2), user: UserId::from_u128(1), at: 100, methods }
}

fn approve(at: u64) -> Command {
    Command::Approve { sign_in: sign_in(), at }
}

fn redeem(client: &str, secret: &str, at: u64) -> Command {
    Command::Redeem { client: client.to_owned(), secret: secret.to_owned(), at }
}

#[test]
fn a_device_waits_is_approved_and_gets_its_tokens_once() {
    Story::<Device>::given([asked()])
        .when(redeem("tv", "hash", 100))
        .refused(Refusal::Pending)
        .when(approve(200))
        .then([Event::Approved { sign_in: sign_in() }])
        .when(approve(200))
        .refused(Refusal::Used)
        .when(Command::Deny)
        .refused(Refusal::Used)
        .when(redeem("tv", "hash", 300))
        .then([Event::Redeemed { at: 300 }])
        .when(redeem("tv", "hash", 301))
        .refused(Refusal::Used);
}

#[test]
fn a_device_that_was_refused_stays_refused() {
    Story::<Device>::given([asked()])
        .when(Command::Deny)
        .then([Event::Denied])
        .when(Command::Deny)
        .nothing_happens()
        .when(approve(200))
        .refused(Refusal::Used)
        .when(redeem("tv", "hash", 300))
        .refused(Refusal::Denied);
}

#[test]
fn a_request_is_its_devices_and_ends() {
    let approved = Event::Approved { sign_in: sign_in() };
    Story::<Device>::given([asked(), approved])
        .when(redeem("other", "hash", 100))
        .refused(Refusal::NotYours)
        .when(redeem("tv", "guess", 100))
        .refused(Refusal::NotYours)
        .when(redeem("tv", "hash", 600))
        .refused(Refusal::Ended);
    Story::<Device>::given([asked()]).when(approve(600)).refused(Refusal::Ended);
    Story::<Device>::new().when(redeem("tv", "hash", 1)).refused(Refusal::Unknown);
    Story::<Device>::new().when(approve(1)).refused(Refusal::Unknown);
    Story::<Device>::new().when(Command::Deny).refused(Refusal::Unknown);
}

#[test]
fn a_code_names_one_request() {
    let ask = Command::Ask {
        client: "tv".to_owned(),
        scopes: Vec::new(),
        secret: "hash".to_owned(),
        grant: GrantId::from_u128(4),
        until: 600,
    };
    Story::<Device>::new().when(ask.clone()).then([asked()]).when(ask).refused(Refusal::Exists);
}
