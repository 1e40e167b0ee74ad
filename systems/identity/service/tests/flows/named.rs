//! People that the configuration names.

use http::StatusCode;

use crate::browser::{Browser, PASSWORD};
use crate::house::{House, claims};

const OFTEN: &str = "failures_account_max = 1000000\n";
const FIRST: &str = "the first password";

fn named(people: &[(&str, &str, &str)]) -> String {
    let person = |(email, password, roles): &(&str, &str, &str)| {
        format!(
            "[[people]]\nemail = {email:?}\nname = \"N\"\npassword = {password:?}\nroles = [{roles}]\n"
        )
    };
    format!("{OFTEN}{}", people.iter().map(person).collect::<String>())
}

/// Signs in as soon as that is possible: people are registered beside what else there is to do.
async fn comes_in<'a>(house: &'a House, email: &str, password: &str) -> Browser<'a> {
    for _ in 0..2_000 {
        let mut browser = Browser::new(house);
        if browser.sign_in(email, password).await.status == StatusCode::SEE_OTHER {
            return browser;
        }
    }
    unreachable!("{email} never came in")
}

async fn roles(house: &House, browser: &mut Browser<'_>) -> Vec<String> {
    let tokens = house.redeem(&browser.code().await).await.json();
    let claims = claims(tokens["access_token"].as_str().expect("a token"));
    let roles = claims["roles"].as_array().expect("roles");
    roles.iter().filter_map(|role| role.as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_named_is_there_at_once_and_a_restart_gives_him_roles_but_no_old_password() {
    let house = House::open_with(&named(&[("Kim@Example.KR", FIRST, "\"ops\"")]));
    let mut kim = comes_in(&house, "kim@example.kr", FIRST).await;
    assert_eq!(roles(&house, &mut kim).await, ["user", "ops"]);
    assert_eq!(house.mail_to("kim@example.kr"), None, "nobody is asked to show what is known");
    kim.get("/account").await;
    let new = [("change", "password"), ("password", FIRST), ("new", "another horse battery")];
    assert_eq!(kim.post("/account", &new).await.status, StatusCode::OK);
    house.later(2);

    let more = [("kim@example.kr", FIRST, "\"ops\", \"teller\""), ("lee@example.kr", FIRST, "")];
    let restarted = house.another(&named(&more));
    drop(comes_in(&restarted, "lee@example.kr", FIRST).await);
    let old = Browser::new(&restarted).sign_in("kim@example.kr", FIRST).await;
    assert_eq!(old.status, StatusCode::FORBIDDEN, "the password of the file is over");
    let mut kim = comes_in(&restarted, "kim@example.kr", "another horse battery").await;
    assert_eq!(roles(&restarted, &mut kim).await, ["user", "teller", "ops"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_taken_the_address_and_never_shown_that_it_is_his_is_not_who_is_named() {
    let house = House::open_with(&format!("{OFTEN}verified_only = false\n"));
    let mut squatter = Browser::new(&house);
    squatter.get("/register").await;
    let pairs = [("name", "Kim"), ("email", "kim@example.kr"), ("password", PASSWORD)];
    squatter.post("/register", &pairs).await;
    let mut squatter = comes_in(&house, "kim@example.kr", PASSWORD).await;
    house.later(2);
    let restarted = house.another(&named(&[("kim@example.kr", FIRST, "\"admin\"")]));
    drop(comes_in(&restarted, "kim@example.kr", FIRST).await);
    // Sign-ins within the second in which the password was changed do not count.
    restarted.later(2);
    let mut kim = comes_in(&restarted, "kim@example.kr", FIRST).await;
    assert_eq!(roles(&restarted, &mut kim).await, ["user", "admin"]);
    assert!(!squatter.get("/account").await.text.contains("kim@example.kr"), "his sign-in ended");
    let again = Browser::new(&restarted).sign_in("kim@example.kr", PASSWORD).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN, "and his password is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_forgotten_stays_forgotten_though_he_is_named() {
    let kim = ("kim@example.kr", FIRST, "\"ops\"");
    let house = House::open_with(&named(&[kim]));
    let mut browser = comes_in(&house, "kim@example.kr", FIRST).await;
    browser.get("/account").await;
    let done = browser.post("/account", &[("change", "forget"), ("password", FIRST)]).await;
    assert!(done.text.contains("You are forgotten"), "{}", done.text);
    let restarted = house.another(&named(&[kim, ("lee@example.kr", FIRST, "")]));
    // Those who are named come one after the other.
    drop(comes_in(&restarted, "lee@example.kr", FIRST).await);
    let again = Browser::new(&restarted).sign_in("kim@example.kr", FIRST).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
}
