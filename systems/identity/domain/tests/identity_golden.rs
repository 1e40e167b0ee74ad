//! Every event that was ever recorded can still be read.

use identity_domain::ticket::{Code, Purpose};
use identity_domain::{GrantId, Method, Role, SessionId, SignIn, UserId};
use identity_domain::{device, grant, session, ticket, user};
use ondol_domain::Sealed;
use ondol_testkit::golden;

const USER: UserId = UserId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0001);
const SESSION: SessionId = SessionId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0002);
const OTHER: SessionId = SessionId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0003);
const GRANT: GrantId = GrantId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0004);
const AT: u64 = 1_767_225_600;

fn sealed(text: &str) -> Sealed<String> {
    Sealed::written(format!("v1.1.{text}"))
}

fn sign_in() -> SignIn {
    SignIn { id: SESSION, user: USER, at: AT, methods: vec![Method::Password, Method::Totp] }
}

#[test]
fn every_event_of_a_user_is_recorded_as_it_always_was() {
    golden!([
        user::Event::Registered {
            email: sealed("e-mail"),
            lookup: "blind".to_owned(),
            name: sealed("name"),
            password: sealed("hash"),
            at: AT,
            after: 0,
        },
        user::Event::EmailVerified,
        user::Event::PasswordChanged { password: sealed("hash"), at: AT },
        user::Event::PasswordHashedAnew { password: sealed("hash") },
        user::Event::TotpOffered { secret: sealed("secret") },
        user::Event::TotpUsed { step: 58_907_520 },
        user::Event::TotpRemoved { at: AT },
        user::Event::RoleGranted { role: Role::Teller },
        user::Event::RoleWithdrawn { role: Role::Ops },
        user::Event::Forgotten,
    ]);
}

#[test]
fn every_event_of_a_session_is_recorded_as_it_always_was() {
    golden!([
        session::Event::Started {
            sign_in: sign_in(),
            secret: "hash".to_owned(),
            until: AT,
            instead_of: vec![OTHER],
        },
        session::Event::Replaced { by: OTHER },
        session::Event::Ended { with: vec![OTHER] },
    ]);
}

#[test]
fn every_event_of_a_ticket_is_recorded_as_it_always_was() {
    let code = Code {
        client: "web".to_owned(),
        redirect: "https://app.example/back".to_owned(),
        challenge: "hash".to_owned(),
        scopes: vec!["openid".to_owned()],
        nonce: Some("n1".to_owned()),
        sign_in: sign_in(),
        grant: GRANT,
    };
    golden!([
        ticket::Event::Issued { purpose: Purpose::Code(Box::new(code)), until: AT },
        ticket::Event::Redeemed { at: AT },
    ]);
}

#[test]
fn every_event_of_a_grant_is_recorded_as_it_always_was() {
    let terms = grant::Terms {
        client: "web".to_owned(),
        scopes: vec!["openid".to_owned()],
        sign_in: sign_in(),
        until: AT,
    };
    golden!([
        grant::Event::Opened { terms: Box::new(terms), token: Some("hash".to_owned()) },
        grant::Event::Refreshed { shown: "hash".to_owned(), next: "next".to_owned(), at: AT },
        grant::Event::Revoked { because: grant::Because::Reuse },
    ]);
}

#[test]
fn every_event_of_a_device_is_recorded_as_it_always_was() {
    golden!([
        device::Event::Asked {
            client: "tv".to_owned(),
            scopes: vec!["openid".to_owned()],
            secret: "hash".to_owned(),
            grant: GRANT,
            until: AT,
        },
        device::Event::Approved { sign_in: sign_in() },
        device::Event::Denied,
        device::Event::Redeemed { at: AT },
    ]);
}
