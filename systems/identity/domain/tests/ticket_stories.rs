//! What a ticket does, told as stories: a code above all.

use identity_domain::ticket::{Code, Command, Event, Purpose, Refusal, Shown, Ticket};
use identity_domain::{GrantId, Method, SessionId, SignIn, UserId};
use ondol_testkit::Story;

const GRANT: GrantId = GrantId::from_u128(4);
const USER: UserId = UserId::from_u128(1);
const BACK: &str = "https://app.example/back";

fn code() -> Purpose {
    let methods = vec![Method::Password];
    let sign_in = SignIn { id: SessionId::from_u128(2), user: USER, at: 100, methods };
    Purpose::Code(Box::new(Code {
        client: "web".to_owned(),
        redirect: BACK.to_owned(),
        challenge: "hash".to_owned(),
        scopes: vec!["openid".to_owned()],
        nonce: None,
        sign_in,
        grant: GRANT,
    }))
}

fn shown(client: &str, redirect: &str, challenge: &str) -> Shown {
    let of = str::to_owned;
    let redirect = Some(redirect.to_owned());
    Shown::Code { client: of(client), redirect, challenge: of(challenge) }
}

fn right() -> Shown {
    shown("web", BACK, "hash")
}

fn issued(purpose: Purpose) -> Event {
    Event::Issued { purpose, until: 160 }
}

fn redeem(shown: Shown, at: u64) -> Command {
    Command::Redeem { shown, at }
}

#[test]
fn a_code_is_good_once_and_whoever_shows_it_again_hears_what_it_has_opened() {
    Story::<Ticket>::new()
        .when(Command::Issue { purpose: code(), until: 160 })
        .then([issued(code())])
        .when(Command::Issue { purpose: code(), until: 160 })
        .refused(Refusal::Exists)
        .when(redeem(right(), 159))
        .then([Event::Redeemed { at: 159 }])
        .when(redeem(right(), 159))
        .refused(Refusal::Used { grant: Some(GRANT) })
        .when(redeem(right(), 500))
        .refused(Refusal::Used { grant: Some(GRANT) });
}

#[test]
fn a_code_is_its_clients_its_addresss_and_its_verifiers_and_a_wrong_guess_does_not_use_it_up() {
    for (wrong, refusal) in [
        (shown("other", BACK, "hash"), Refusal::NotYours),
        (shown("web", "https://app.example/other", "hash"), Refusal::OtherRedirect),
        (shown("web", BACK, "guess"), Refusal::WrongVerifier),
        (Shown::Pushed { client: "web".to_owned() }, Refusal::NotYours),
        (Shown::Email, Refusal::NotYours),
        (Shown::Reset, Refusal::NotYours),
    ] {
        Story::<Ticket>::given([issued(code())])
            .when(redeem(wrong.clone(), 100))
            .refused(refusal.clone())
            .when(redeem(right(), 100))
            .then([Event::Redeemed { at: 100 }])
            .when(redeem(wrong, 100))
            .refused(refusal);
    }
}

#[test]
fn a_client_need_not_say_again_where_its_code_was_sent() {
    let of = str::to_owned;
    let silent = |challenge| Shown::Code { client: of("web"), redirect: None, challenge };
    Story::<Ticket>::given([issued(code())])
        .when(redeem(silent(of("guess")), 100))
        .refused(Refusal::WrongVerifier)
        .when(redeem(silent(of("hash")), 100))
        .then([Event::Redeemed { at: 100 }]);
}

#[test]
fn a_code_ends_at_its_second() {
    Story::<Ticket>::given([issued(code())]).when(redeem(right(), 160)).refused(Refusal::Ended);
    Story::<Ticket>::new().when(redeem(right(), 1)).refused(Refusal::Unknown);
}

#[test]
fn a_letter_is_good_for_what_it_was_written_for() {
    let pushed = |client: &str| Shown::Pushed { client: client.to_owned() };
    let request = Purpose::Pushed { client: "web".to_owned(), request: "x=1".to_owned() };
    for (purpose, fits, others) in [
        (Purpose::Email { user: USER }, Shown::Email, [Shown::Reset, right(), pushed("web")]),
        (Purpose::Reset { user: USER }, Shown::Reset, [Shown::Email, right(), pushed("web")]),
        (request, pushed("web"), [Shown::Email, Shown::Reset, pushed("mobile")]),
    ] {
        let mut story = Story::<Ticket>::given([issued(purpose)]);
        for other in others {
            story = story.when(redeem(other, 100)).refused(Refusal::NotYours);
        }
        story
            .when(redeem(fits.clone(), 100))
            .then([Event::Redeemed { at: 100 }])
            .when(redeem(fits, 100))
            .refused(Refusal::Used { grant: None });
    }
}
