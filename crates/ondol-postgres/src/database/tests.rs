//! All that is wrong is said at once, and nothing secret with it.

use super::*;

fn good() -> Database {
    Database {
        url: "postgres://kim:hush@db/bank".to_owned(),
        schema: "ondol_views".to_owned(),
        connections_max: 8,
        connect_timeout_ms: 5_000,
        transaction_timeout_ms: 60_000,
    }
}

#[test]
fn a_good_database_has_no_problems() {
    assert_eq!(good().problems(2), Vec::<String>::new());
}

#[test]
fn all_problems_are_said_at_once_and_no_secret_is() {
    let bad = Database {
        url: "mysql://kim:hush@db".to_owned(),
        schema: "Robert'); DROP".to_owned(),
        connections_max: 1,
        connect_timeout_ms: 0,
        transaction_timeout_ms: 0,
    };
    let problems = bad.problems(2);
    assert_eq!(problems.len(), 5, "found {problems:?}");
    assert!(!problems.join(" ").contains("hush"));
    assert!(!format!("{bad:?}").contains("hush"));
}

#[test]
fn schemas_that_are_not_plain_names_are_refused() {
    for schema in ["", "1st", "pg_temp", "two words", "\"quoted\"", &"a".repeat(41)] {
        let database = Database { schema: schema.to_owned(), ..good() };
        assert_eq!(database.problems(2).len(), 1, "{schema:?} was taken");
    }
}
