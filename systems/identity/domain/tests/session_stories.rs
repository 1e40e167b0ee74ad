//! What a session does, told as stories.

use identity_domain::session::{Command, Event, Refusal, Session};
use identity_domain::{Method, SessionId, SignIn, UserId};
use ondol_testkit::Story;

const FIRST: SessionId = SessionId::from_u128(1);
const SECOND: SessionId = SessionId::from_u128(2);

fn sign_in() -> SignIn {
    SignIn { id: SECOND, user: UserId::from_u128(7), at: 100, methods: vec![Method::Password] }
}

fn start() -> Command {
    let (secret, instead_of) = ("hash".to_owned(), vec![FIRST]);
    Command::Start { sign_in: sign_in(), secret, until: 200, instead_of }
}

fn started() -> Event {
    let (secret, instead_of) = ("hash".to_owned(), vec![FIRST]);
    Event::Started { sign_in: sign_in(), secret, until: 200, instead_of }
}

#[test]
fn a_session_begins_once() {
    Story::<Session>::new().when(start()).then([started()]).when(start()).refused(Refusal::Begun);
}

#[test]
fn a_session_ends_with_those_whose_place_it_has_taken_and_never_lives_again() {
    Story::<Session>::given([started()])
        .when(Command::End)
        .then([Event::Ended { with: vec![FIRST] }])
        .when(Command::End)
        .nothing_happens()
        .when(Command::Replace { by: FIRST })
        .nothing_happens()
        .when(start())
        .refused(Refusal::Begun);
}

#[test]
fn a_session_gives_way_once() {
    let by = SessionId::from_u128(3);
    Story::<Session>::given([started()])
        .when(Command::Replace { by })
        .then([Event::Replaced { by }])
        .when(Command::Replace { by: FIRST })
        .nothing_happens()
        .when(Command::End)
        .nothing_happens();
}

#[test]
fn nothing_ends_that_has_not_begun() {
    Story::<Session>::new().when(Command::End).nothing_happens();
}
