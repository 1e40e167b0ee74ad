//! Options say all that is wrong with them, and never their secret.

use super::*;

fn good() -> PostgresOptions {
    PostgresOptions { url: "postgres://kim:secret@db/bank".to_owned(), ..Default::default() }
}

#[test]
fn usual_options_with_a_url_are_good() {
    assert_eq!(good().validate(), Ok(()));
}

#[test]
fn all_problems_are_reported_at_once() {
    let bad = PostgresOptions {
        url: "mysql:secret".to_owned(),
        schema: "Robert'); DROP".to_owned(),
        readers_max: 0,
        poll_interval_ms: 0,
        ..Default::default()
    };
    let problems = bad.validate().expect_err("four things are wrong").problems;
    assert_eq!(problems.len(), 4, "found {problems:?}");
    assert!(!problems.join(" ").contains("secret"));
}

#[test]
fn the_schemas_of_the_server_are_refused() {
    for schema in ["pg_catalog", "", "1st", "two words", "\"quoted\"", &"a".repeat(49)] {
        let options = PostgresOptions { schema: schema.to_owned(), ..good() };
        assert!(options.validate().is_err(), "{schema:?} was taken");
    }
}

#[test]
fn a_url_without_a_host_is_refused() {
    let options = PostgresOptions { url: "user=kim".to_owned(), ..good() };
    assert!(options.validate().is_err());
}

#[test]
fn the_password_is_not_printed() {
    assert!(!format!("{:?}", good()).contains("secret"));
}

#[test]
fn an_unknown_option_is_refused() {
    let found: Result<PostgresOptions, _> = serde_json::from_str(r#"{"url":"x","shcema":"y"}"#);
    assert!(found.is_err());
}
