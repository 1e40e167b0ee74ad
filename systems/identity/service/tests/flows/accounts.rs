//! Accounts: O19, O20, one address for one, one use for a link, and being forgotten.

use std::time::Duration;

use http::StatusCode;
use ondol_doors::{Clock as _, SystemClock};
use tokio::task::JoinSet;

use crate::browser::{Browser, PASSWORD};
use crate::house::{House, claims, files_with};

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_one_persons_and_nobody_learns_whose() {
    let house = House::open();
    let mut first = Browser::of(&house, "kim@example.kr").await;
    let mut second = Browser::new(&house);
    second.get("/register").await;
    let pairs = [("name", "Lee"), ("email", " KIM@Example.KR "), ("password", PASSWORD)];
    let answer = second.post("/register", &pairs).await;
    assert_eq!(answer.status, StatusCode::OK);
    first.get("/register").await;
    let other = [("name", "Lee"), ("email", "lee@example.kr"), ("password", PASSWORD)];
    let new = first.post("/register", &other).await;
    let page = |text: &str| text.split("<main").nth(1).map(str::to_owned);
    assert_eq!(page(&answer.text), page(&new.text), "the same page for the known and the new");
    assert!(house.mail_to("kim@example.kr").expect("a letter").contains("account already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_register_one_address_at_once_one_does() {
    let house = std::sync::Arc::new(House::open());
    let mut all = JoinSet::new();
    for _ in 0..8 {
        let house = std::sync::Arc::clone(&house);
        all.spawn(async move {
            let mut browser = Browser::new(&house);
            browser.get("/register").await;
            let pairs = [("name", "Kim"), ("email", "kim@example.kr"), ("password", PASSWORD)];
            browser.post("/register", &pairs).await.status
        });
    }
    while let Some(status) = all.join_next().await {
        assert_eq!(status.expect("no panic"), StatusCode::OK);
    }
    let outbox = std::fs::read_dir(house.folder.path().join("identity/outbox")).expect("an outbox");
    let letters = outbox.map(|entry| entry.expect("it is there").path());
    let texts = letters.map(|path| std::fs::read_to_string(path).expect("a letter"));
    let links = texts.filter(|text| text.contains("/verify?token=")).count();
    assert_eq!(links, 1, "one has become somebody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_an_e_mail_is_good_once_and_for_one_thing() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    browser.get("/forgotten").await;
    browser.post("/forgotten", &[("email", "kim@example.kr")]).await;
    let token = house.token_in_mail("kim@example.kr");
    let answer = browser.post("/verify", &[("token", &token)]).await;
    assert!(answer.text.contains("no longer good"), "a reset verifies nothing");
    let new = "another horse battery";
    browser.get(&format!("/reset?token={token}")).await;
    let answer = browser.post("/reset", &[("token", &token), ("password", new)]).await;
    assert!(answer.text.contains("is changed"), "{}", answer.text);
    let answer = browser.post("/reset", &[("token", &token), ("password", PASSWORD)]).await;
    assert!(answer.text.contains("no longer good"));
    let mut fresh = Browser::new(&house);
    assert_eq!(fresh.sign_in("kim@example.kr", PASSWORD).await.status, StatusCode::FORBIDDEN);
    assert_eq!(fresh.sign_in("kim@example.kr", new).await.status, StatusCode::SEE_OTHER);
    assert!(!browser.get("/account").await.text.contains("kim@example.kr"), "old sign-ins ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn o19_who_guesses_is_stopped_by_account_and_by_address() {
    let house = House::open_with("failures_account_max = 5");
    let browser = Browser::of(&house, "kim@example.kr").await;
    drop(browser);
    for email in ["kim@example.kr", "nobody@example.kr"] {
        let mut guesser = Browser::new(&house);
        for _ in 0..5 {
            let answer = guesser.sign_in(email, "a wrong guess").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{email}");
        }
        let answer = guesser.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "O19 {email}");
        assert!(answer.headers.contains_key(http::header::RETRY_AFTER));
    }
    house.later(901);
    let mut owner = Browser::new(&house);
    assert_eq!(owner.sign_in("kim@example.kr", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn o19_one_address_may_not_try_many_accounts() {
    let house = House::open_with("failures_address_max = 10");
    let mut guesser = Browser::new(&house);
    guesser.get("/account").await;
    let mut statuses = Vec::new();
    for tried in 0..12 {
        let email = format!("user{tried}@example.kr");
        let pairs = [("email", email.as_str()), ("password", "a wrong guess")];
        statuses.push(guesser.post("/sign-in", &pairs).await.status);
    }
    assert!(statuses[..10].iter().all(|status| *status == StatusCode::FORBIDDEN), "{statuses:?}");
    assert_eq!(statuses[10..], [StatusCode::TOO_MANY_REQUESTS; 2], "O19");
}

#[tokio::test(flavor = "multi_thread")]
async fn o20_a_cookie_from_before_is_worth_nothing_after() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let before = browser.cookies["ondol-session"].clone();
    let works = async |cookie: &str| {
        let mut other = Browser::new(&house);
        other.cookies.insert("ondol-session".to_owned(), cookie.to_owned());
        other.get("/account").await.text.contains("kim@example.kr")
    };
    assert!(works(&before).await);
    browser.get("/account").await;
    browser.sign_in("kim@example.kr", PASSWORD).await;
    browser.post("/sign-in", &[("email", "kim@example.kr"), ("password", PASSWORD)]).await;
    let after = browser.cookies["ondol-session"].clone();
    assert_ne!(before, after, "O20 a new name at every sign-in");
    assert!(!works(&before).await, "O20 the old one is dead");
    assert!(works(&after).await);
    let fixed = "0193f4a0-0000-7000-8000-000000000001.chosen-by-a-thief";
    let mut victim = Browser::new(&house);
    victim.cookies.insert("ondol-session".to_owned(), fixed.to_owned());
    victim.sign_in("kim@example.kr", PASSWORD).await;
    assert!(!works(fixed).await && victim.cookies["ondol-session"] != fixed, "O20 fixation");
    browser.get("/account").await;
    let new = "another horse battery";
    let pairs = [("change", "password"), ("password", PASSWORD), ("new", new)];
    browser.post("/account", &pairs).await;
    assert!(!works(&after).await, "O20 after the password has changed");
    house.later(2);
    browser.sign_in("kim@example.kr", new).await;
    let last = browser.cookies["ondol-session"].clone();
    assert!(works(&last).await);
    browser.get("/account").await;
    browser.post("/account", &[("change", "sign-out")]).await;
    assert!(!works(&last).await, "O20 after signing out");
}

#[tokio::test(flavor = "multi_thread")]
async fn o20_a_sign_in_ends_after_its_time_whatever_its_cookie_says() {
    let house = House::open_with("session_seconds = 600");
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    house.later(590);
    assert!(browser.get("/account").await.text.contains("kim@example.kr"));
    house.later(10);
    assert!(!browser.get("/account").await.text.contains("kim@example.kr"), "O20");
}

#[tokio::test(flavor = "multi_thread")]
async fn c4_whoever_is_forgotten_is_nobody_and_no_file_knows_him() {
    let house = House::open();
    let canary = "canary.of.kim@example.kr";
    let mut browser = Browser::of(&house, canary).await;
    let code = browser.code().await;
    let tokens = house.redeem(&code).await.json();
    let access = tokens["access_token"].as_str().expect("a token");
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    let outbox = house.folder.path().join("identity/outbox");
    for left in ["refused-by-the-server.refused", "left-by-a-crash.new"] {
        let letter = format!("To: <{canary}>\r\n\r\nhello");
        std::fs::write(outbox.join(left), letter).expect("it is ours");
    }
    assert!(files_with(&outbox, canary.as_bytes()).len() >= 3, "the search finds letters");
    browser.get("/account").await;
    let wrong =
        browser.post("/account", &[("change", "forget"), ("password", "a wrong one")]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN, "not without the password");
    browser.get("/account").await;
    let done = browser.post("/account", &[("change", "forget"), ("password", PASSWORD)]).await;
    assert!(done.text.contains("You are forgotten"), "{}", done.text);
    assert_eq!(house.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.refresh(refresh).await.error(), "invalid_grant");
    let mut again = Browser::new(&house);
    assert_eq!(again.sign_in(canary, PASSWORD).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        files_with(house.folder.path(), canary.as_bytes()),
        Vec::<std::path::PathBuf>::new()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_forgotten_may_come_again_and_is_another() {
    let house = House::open();
    let email = "kim@example.kr";
    let mut before = Vec::new();
    for time in 1..=3 {
        let mut browser = Browser::of(&house, email).await;
        let letter = house.mail_to(email).expect("a letter");
        assert!(!letter.contains("account already"), "nobody has one, the {time}. time");
        let tokens = house.redeem(&browser.code().await).await.json();
        let token = tokens["access_token"].as_str().expect("a token").to_owned();
        let subject = claims(&token)["sub"].clone();
        for (_, old) in &before {
            assert_ne!(subject, *old, "he is another");
        }
        before.push((token, subject));
        let (last, gone) = before.split_last().expect("he is here");
        assert!(house.is_active(&last.0).await);
        for (token, _) in gone {
            assert!(!house.is_active(token).await, "what he was stays forgotten");
        }
        browser.get("/account").await;
        browser.post("/account", &[("change", "forget"), ("password", PASSWORD)]).await;
    }
    assert_eq!(house.mail_to(email), None, "no letter of before lies here");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_letter_takes_says_nothing_about_who_is_known() {
    let house = House::open_with("unhurried_ms = 400");
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let new = |email| vec![("name", "Lee"), ("email", email), ("password", PASSWORD)];
    for (path, pairs) in [
        ("/forgotten", vec![("email", "kim@example.kr")]),
        ("/forgotten", vec![("email", "nobody@example.kr")]),
        ("/register", new("kim@example.kr")),
        ("/register", new("lee@example.kr")),
    ] {
        browser.get(path).await;
        let clock = SystemClock::start();
        let began = clock.running();
        assert_eq!(browser.post(path, &pairs).await.status, StatusCode::OK);
        let took = clock.running() - began;
        assert!(took >= Duration::from_millis(400), "{path} {pairs:?} took {took:?}");
    }
}
