//! What a user does, told as stories.

use identity_domain::Role;
use identity_domain::user::{Command, Event, Refusal, User};
use ondol_domain::{Aggregate as _, Sealed};
use ondol_testkit::Story;

fn sealed(text: &str) -> Sealed<String> {
    Sealed::written(format!("v1.1.{text}"))
}

fn register() -> Command {
    let (email, name, password) = (sealed("e"), sealed("n"), sealed("p"));
    Command::Register { email, lookup: "blind".to_owned(), name, password, at: 100, after: 0 }
}

fn registered() -> Event {
    let (email, name, password) = (sealed("e"), sealed("n"), sealed("p"));
    Event::Registered { email, lookup: "blind".to_owned(), name, password, at: 100, after: 0 }
}

fn offered() -> Event {
    Event::TotpOffered { secret: sealed("t") }
}

fn used(step: u64) -> Event {
    Event::TotpUsed { step }
}

#[test]
fn somebody_registers_once() {
    Story::<User>::new()
        .when(register())
        .then([registered()])
        .when(register())
        .refused(Refusal::AlreadyRegistered);
}

#[test]
fn nobody_does_nothing() {
    for command in [
        Command::VerifyEmail,
        Command::ChangePassword { password: sealed("p"), at: 1 },
        Command::HashAnew { password: sealed("p") },
        Command::OfferTotp { secret: sealed("t") },
        Command::UseTotp { step: 1 },
        Command::RemoveTotp { at: 1 },
        Command::Grant { role: Role::Admin },
        Command::Withdraw { role: Role::Admin },
        Command::Forget,
    ] {
        Story::<User>::new().when(command).refused(Refusal::NotRegistered);
    }
}

#[test]
fn an_address_is_shown_to_be_ones_own_once() {
    Story::<User>::given([registered()])
        .when(Command::VerifyEmail)
        .then([Event::EmailVerified])
        .when(Command::VerifyEmail)
        .nothing_happens();
}

#[test]
fn a_number_of_the_second_factor_counts_once_and_never_an_older_one() {
    Story::<User>::given([registered(), offered()])
        .when(Command::UseTotp { step: 7 })
        .then([used(7)])
        .when(Command::UseTotp { step: 7 })
        .refused(Refusal::TotpUsed)
        .when(Command::UseTotp { step: 6 })
        .refused(Refusal::TotpUsed)
        .when(Command::UseTotp { step: 8 })
        .then([used(8)]);
}

#[test]
fn a_second_factor_counts_from_its_first_number_on_and_is_not_replaced_in_silence() {
    let story = Story::<User>::given([registered(), offered()]);
    let User::Known(profile) = story.state() else { unreachable!("he has registered") };
    assert!(profile.active_totp().is_none(), "only offered");
    let story = story
        .when(Command::OfferTotp { secret: sealed("t") })
        .then([offered()])
        .when(Command::UseTotp { step: 7 })
        .then([used(7)]);
    let User::Known(profile) = story.state() else { unreachable!("he has registered") };
    assert!(profile.active_totp().is_some());
    story
        .when(Command::OfferTotp { secret: sealed("another") })
        .refused(Refusal::TotpActive)
        .when(Command::RemoveTotp { at: 200 })
        .then([Event::TotpRemoved { at: 200 }])
        .when(Command::RemoveTotp { at: 201 })
        .nothing_happens()
        .when(Command::UseTotp { step: 9 })
        .refused(Refusal::NoTotp);
}

#[test]
fn what_somebody_proves_himself_by_ends_his_sign_ins_when_it_changes() {
    let from = |story: &Story<User>| match story.state() {
        User::Known(profile) => profile.sign_ins_from,
        User::Nobody | User::Forgotten => unreachable!("he has registered"),
    };
    let story = Story::<User>::given([registered(), offered(), used(1)]);
    assert_eq!(from(&story), 100);
    let password = sealed("new");
    let story = story
        .when(Command::ChangePassword { password: password.clone(), at: 300 })
        .then([Event::PasswordChanged { password, at: 300 }]);
    assert_eq!(from(&story), 300);
    let removed = Event::TotpRemoved { at: 400 };
    let story = story.when(Command::RemoveTotp { at: 400 }).then([removed]);
    assert_eq!(from(&story), 400);
}

#[test]
fn a_role_is_given_and_taken_once() {
    let role = Role::Teller;
    Story::<User>::given([registered()])
        .when(Command::Grant { role: Role::User })
        .nothing_happens()
        .when(Command::Withdraw { role })
        .nothing_happens()
        .when(Command::Grant { role })
        .then([Event::RoleGranted { role }])
        .when(Command::Grant { role })
        .nothing_happens()
        .when(Command::Withdraw { role })
        .then([Event::RoleWithdrawn { role }]);
}

#[test]
fn whoever_was_forgotten_is_nobody_for_ever() {
    let mut story =
        Story::<User>::given([registered()]).when(Command::Forget).then([Event::Forgotten]);
    for command in [
        register(),
        Command::VerifyEmail,
        Command::ChangePassword { password: sealed("p"), at: 1 },
        Command::UseTotp { step: 1 },
        Command::Grant { role: Role::Admin },
    ] {
        story = story.when(command).refused(Refusal::Forgotten);
    }
    story.when(Command::Forget).nothing_happens();
}

#[test]
fn a_password_that_is_hashed_anew_is_the_same_and_ends_no_sign_in() {
    let anew = sealed("p, at a higher cost");
    let story = Story::<User>::given([registered()])
        .when(Command::HashAnew { password: anew.clone() })
        .then([Event::PasswordHashedAnew { password: anew.clone() }]);
    story.when(Command::HashAnew { password: anew.clone() }).then([]);
    let state = ondol_domain::fold::<User>(&[
        registered(),
        Event::PasswordHashedAnew { password: anew.clone() },
    ]);
    let Ok(User::Known(profile)) = state else { unreachable!("he is known") };
    assert_eq!((profile.password, profile.sign_ins_from), (anew, 100));
}

#[test]
fn whoever_comes_after_one_who_was_forgotten_claims_the_address_anew() {
    let claim = |after| {
        let Event::Registered { email, lookup, name, password, at, .. } = registered() else {
            unreachable!("he has registered")
        };
        let again = Event::Registered { email, lookup, name, password, at, after };
        User::unique(&again).remove(0).tag.as_str().to_owned()
    };
    assert_eq!([claim(0), claim(1), claim(2)], ["email:blind", "email:blind:1", "email:blind:2"]);
}
