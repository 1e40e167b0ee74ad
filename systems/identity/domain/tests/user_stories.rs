//! What a user does, told as stories.

use identity_domain::Role;
use identity_domain::user::{Command, Event, Refusal, User};
use ondol_domain::Sealed;
use ondol_testkit::Story;

fn sealed(text: &str) -> Sealed<String> {
    Sealed::written(format!("v1.1.{text}"))
}

fn register() -> Command {
    let (email, name, password) = (sealed("e"), sealed("n"), sealed("p"));
    Command::Register { email, lookup: "blind".to_owned(), name, password, at: 100 }
}

fn registered() -> Event {
    let (email, name, password) = (sealed("e"), sealed("n"), sealed("p"));
    Event::Registered { email, lookup: "blind".to_owned(), name, password, at: 100 }
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
