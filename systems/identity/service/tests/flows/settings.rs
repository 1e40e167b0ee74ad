//! What can be set, and what is told when it is set wrongly.

use http::{StatusCode, header};
use identity::Options;
use ondol::Settings;

use crate::house::{House, sha256};

/// What is said of settings: nothing, when they are sound.
fn said(text: &str) -> String {
    let table = toml::from_str(text).expect("TOML");
    let settings = Settings { folder: std::path::PathBuf::from("x"), table };
    Options::read(&settings).map_or_else(|error| error.to_string(), |_sound| String::new())
}

fn client(more: &str) -> String {
    said(&format!("[[clients]]\nid = \"c\"\n{more}\n"))
}

#[test]
fn people_are_sent_where_nobody_on_the_way_can_read_it() {
    for good in [
        "https://app.example/back",
        "https://app.example:8443/back?x=1",
        "http://127.0.0.1/back",
        "http://127.0.0.1:8090/back",
        "http://[::1]:8090/back",
        "http://localhost:8090/back",
        "kr.ondol.app:/back",
    ] {
        for list in ["redirect_uris", "post_logout_redirect_uris"] {
            assert_eq!(client(&format!("{list} = [{good:?}]")), "", "{good}");
        }
    }
    for bad in [
        "http://app.example/back",
        "http://127.0.0.1.evil.example/back",
        "http://localhost.evil.example/back",
        "http://127.0.0.1@evil.example/back",
        "https://",
        "https:///back",
        "https://user@app.example/back",
        "https://app.example/back#fragment",
        "https://app.example/ba ck",
        "javascript:alert(1)",
        "data:text/html,x",
        "/back",
        "",
    ] {
        for list in ["redirect_uris", "post_logout_redirect_uris"] {
            let said = client(&format!("{list} = [{bad:?}]"));
            assert!(said.contains("https, http on this machine"), "{bad:?}: {said:?}");
        }
    }
}

#[test]
fn what_a_client_could_never_use_is_told_when_the_program_starts() {
    let secret = sha256("secret");
    assert_eq!(client(&format!("secret_sha256 = {secret:?}\nroles = [\"teller\"]")), "");
    for (row, wanted) in [
        ("secret_sha256 = \"secret\"", "is the SHA-256 of a secret"),
        ("secret_sha256 = \"\"", "is the SHA-256 of a secret"),
        ("grants = [\"password\"]", "password is no way to ask"),
        ("grants = [\"client_credentials\"]", "has a secret to ask for itself"),
        ("roles = [\"king\"]", "there is no role king"),
        ("unknown = 1", "unknown field"),
    ] {
        let said = client(row);
        assert!(said.contains(wanted), "{row}: {said:?}");
    }
    assert!(said("unhurried_ms = 60000").contains("at most 5000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_no_token_is_told_what_is_asked_for_and_of_no_mistake() {
    let house = House::open();
    let answer = house.get("/oauth2/userinfo").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
    let wrong = house.userinfo("a.b.c").await;
    assert_eq!(wrong.headers[header::WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
}
