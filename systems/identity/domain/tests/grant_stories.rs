//! What a grant does, told as stories.

use identity_domain::grant::{
    Because, Command, Event, GOOD_MAX, GRACE_SECONDS, Grant, Refusal, Terms,
};
use identity_domain::{Method, SessionId, SignIn, UserId};
use ondol_testkit::Story;

fn terms() -> Box<Terms> {
    let methods = vec![Method::Password];
    let sign_in =
        SignIn { id: SessionId::from_u128(2), user: UserId::from_u128(1), at: 100, methods };
    Box::new(Terms { client: "web".to_owned(), scopes: Vec::new(), sign_in, until: 1_000 })
}

fn opened(token: Option<&str>) -> Event {
    Event::Opened { terms: terms(), token: token.map(str::to_owned) }
}

fn refresh(shown: &str, next: &str, at: u64) -> Command {
    let of = str::to_owned;
    Command::Refresh { client: of("web"), shown: of(shown), next: of(next), at }
}

fn refreshed(shown: &str, next: &str, at: u64) -> Event {
    Event::Refreshed { shown: shown.to_owned(), next: next.to_owned(), at }
}

fn stolen() -> Event {
    Event::Revoked { because: Because::Reuse }
}

#[test]
fn each_token_gives_the_next() {
    Story::<Grant>::new()
        .when(Command::Open { terms: terms(), token: Some("a".to_owned()) })
        .then([opened(Some("a"))])
        .when(refresh("a", "b", 200))
        .then([refreshed("a", "b", 200)])
        .when(refresh("b", "c", 300))
        .then([refreshed("b", "c", 300)]);
}

#[test]
fn a_token_that_was_replaced_a_moment_ago_may_be_shown_again_and_later_ends_everything() {
    let story = || Story::<Grant>::given([opened(Some("a")), refreshed("a", "b", 200)]);
    let last = 200 + GRACE_SECONDS;
    story()
        .when(refresh("a", "c", last))
        .then([refreshed("a", "c", last)])
        .when(refresh("b", "d", last))
        .then([refreshed("b", "d", last)])
        .when(refresh("c", "e", last + 50))
        .then([refreshed("c", "e", last + 50)]);
    story()
        .when(refresh("a", "c", last + 1))
        .then([stolen()])
        .when(refresh("b", "d", last + 1))
        .refused(Refusal::Ended)
        .when(Command::Open { terms: terms(), token: None })
        .refused(Refusal::Ended)
        .when(Command::Revoke { because: Because::Owner })
        .nothing_happens();
}

#[test]
fn not_more_than_a_few_tokens_are_good_at_once() {
    let mut story = Story::<Grant>::given([opened(Some("a")), refreshed("a", "n0", 200)]);
    for number in 1..GOOD_MAX {
        let next = format!("n{number}");
        story = story.when(refresh("a", &next, 201)).then([refreshed("a", &next, 201)]);
    }
    story.when(refresh("a", "more", 201)).then([stolen()]);
}

#[test]
fn a_grant_is_its_clients_ends_in_time_and_knows_its_tokens() {
    let other = Command::Refresh {
        client: "mobile".to_owned(),
        shown: "a".to_owned(),
        next: "b".to_owned(),
        at: 200,
    };
    Story::<Grant>::given([opened(Some("a"))])
        .when(other)
        .refused(Refusal::NotYours)
        .when(refresh("guess", "b", 200))
        .refused(Refusal::NoSuchToken)
        .when(refresh("a", "b", 1_000))
        .refused(Refusal::Ended)
        .when(Command::Open { terms: terms(), token: None })
        .refused(Refusal::Exists)
        .when(refresh("a", "b", 999))
        .then([refreshed("a", "b", 999)]);
    Story::<Grant>::new().when(refresh("a", "b", 200)).refused(Refusal::Unknown);
    Story::<Grant>::given([opened(None)])
        .when(refresh("a", "b", 200))
        .refused(Refusal::NoSuchToken);
}

#[test]
fn a_code_that_is_shown_twice_before_it_has_opened_anything_opens_nothing_any_more() {
    let because = Because::CodeReuse;
    Story::<Grant>::new()
        .when(Command::Revoke { because })
        .then([Event::Revoked { because }])
        .when(Command::Open { terms: terms(), token: None })
        .refused(Refusal::Ended);
}

#[test]
fn a_grant_knows_its_tokens_also_those_that_were_replaced() {
    let events = [opened(Some("a")), refreshed("a", "b", 200)];
    let Ok(Grant::Open(book)) = ondol_domain::fold(&events) else { unreachable!("it goes on") };
    assert!(book.knows("a") && book.knows("b") && !book.knows("c") && !book.knows(""));
}
