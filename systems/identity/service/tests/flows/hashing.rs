//! Passwords that were hashed when hashing cost less.

use http::StatusCode;
use identity_domain::user::{Event, User};
use ondol::Desk;
use ondol_kernel::Version;

use crate::browser::{Browser, PASSWORD};
use crate::house::{House, claims};

const MORE: &str = "password_memory_kib = 8192\npassword_passes = 1\n";

/// How often somebody's password was hashed anew.
async fn times(house: &House, subject: &str) -> usize {
    let running = house.stage.service("identity").expect("it runs");
    let users: Desk<User> = running.desk().expect("it has users");
    let events = users.history(subject, Version::EMPTY.next(), 100).await.expect("it is there");
    let anew = |event: &Event| matches!(event, Event::PasswordHashedAnew { .. });
    events.iter().filter(|event| anew(&event.data)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_of_an_older_cost_is_hashed_anew_at_the_next_sign_in_and_once() {
    let house = House::open();
    let email = "kim@example.kr";
    let mut before = Browser::of(&house, email).await;
    let tokens = house.redeem(&before.code().await).await.json();
    let subject = claims(tokens["access_token"].as_str().expect("a token"))["sub"].clone();
    let subject = subject.as_str().expect("a name");
    assert_eq!(times(&house, subject).await, 0, "at the same cost it stays");

    let dearer = house.another(MORE);
    Browser::new(&dearer).seen(email).await;
    assert_eq!(times(&dearer, subject).await, 1);
    let wrong = Browser::new(&dearer).sign_in(email, "a wrong password").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    let right = Browser::new(&dearer).sign_in(email, PASSWORD).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "it is the same password");
    assert_eq!(times(&dearer, subject).await, 1, "it costs as much as a new one now");
    assert!(before.get("/account").await.text.contains(email), "nobody is signed out by it");
    let token = tokens["access_token"].as_str().expect("a token");
    assert!(dearer.is_active(token).await && house.is_active(token).await);

    let right = Browser::new(&house).sign_in(email, PASSWORD).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "and is known where hashing costs less");
    assert_eq!(times(&house, subject).await, 1, "where it is not made cheaper");
}
