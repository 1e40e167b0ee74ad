//! Settings come from where they should, and what is wrong is told where it was said.

use super::*;

fn given(environment: &[(&str, &str)], settings: &[&str]) -> Given {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Given {
        file: None,
        environment: environment.iter().map(owned).collect(),
        settings: settings.iter().map(|text| (*text).to_owned()).collect(),
    }
}

fn file(text: &str) -> (tempfile::TempDir, Given) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("ondol.toml");
    std::fs::write(&path, text).expect("the file can be written");
    (folder, Given { file: Some(path), ..Given::default() })
}

#[test]
fn flags_come_before_the_environment_the_environment_before_the_file() {
    let (_folder, mut given) = file("data = \"a\"\n[http]\nwait_ms = 1\ndrain_ms = 1\n");
    given.environment.push(("ONDOL_HTTP__WAIT_MS".to_owned(), "2".to_owned()));
    given.environment.push(("ONDOL_HTTP__DRAIN_MS".to_owned(), "2".to_owned()));
    given.settings.push("http.wait_ms=3".to_owned());
    let config = given.config().expect("it is right");
    assert_eq!((config.http.wait_ms, config.http.drain_ms), (3, 2));
    assert_eq!(config.data, PathBuf::from("a"));
    assert_eq!(config.http.connections_max, HttpConfig::default().connections_max);
}

#[test]
fn what_a_program_is_shipped_with_stands_in_for_a_file_and_never_beside_one() {
    let shipped = "data = \"shipped\"\n[http]\nwait_ms = 7\n";
    let config = given(&[], &["data=mine"]).config_or(shipped).expect("it is right");
    assert_eq!((config.data, config.http.wait_ms), (PathBuf::from("mine"), 7));
    let (_folder, named) = file("data = \"a\"\n");
    let config = named.config_or(shipped).expect("it is right");
    assert_eq!(config.http.wait_ms, HttpConfig::default().wait_ms);
    let absent = Given { file: Some(PathBuf::from("/nowhere/ondol.toml")), ..Given::default() };
    absent.config_or(shipped).expect_err("a file that is named has to be there");
}

#[test]
fn an_unknown_key_is_told_with_its_line_and_what_may_have_been_meant() {
    let (_folder, given) = file("data = \"a\"\n\n[http]\nlistn = \"127.0.0.1:1\"\n");
    let error = given.config().expect_err("no such key").to_string();
    assert!(error.contains("ondol.toml:4: unknown field `listn`"), "{error}");
    assert!(error.ends_with("(did you mean `listen`?)"), "{error}");
}

#[test]
fn a_wrong_variable_and_a_wrong_flag_are_told_at_once_each_by_its_name() {
    let given = given(&[("ONDOL_LOG__ENGIN", "disk")], &["http.wait_ms=soon", "data"]);
    let error = given.config().expect_err("all three are wrong");
    let places: Vec<_> = error.problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, ["ONDOL_LOG__ENGIN", "--set http.wait_ms", "--set data"]);
    assert_eq!(error.problems[0].suggestion.as_deref(), Some("engine"));
}

#[test]
fn a_secret_can_come_from_a_file_and_is_never_shown() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("url");
    std::fs::write(&path, "postgres://kim:hush@localhost/bank\n").expect("it can be written");
    let path = path.to_str().expect("a plain path");
    let given = given(&[("ONDOL_POSTGRES__URL_FILE", path)], &["log.engine=postgres"]);
    let config = given.config().expect("it is right");
    assert_eq!(config.postgres.url.expose(), "postgres://kim:hush@localhost/bank");
    let shown = format!("{config:?} {}", toml::to_string(&config).expect("it can be written"));
    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn a_text_that_looks_like_a_number_stays_a_text_where_one_is_wanted() {
    let config = given(&[("ONDOL_DATA", "2026")], &["postgres.url=12345"]).config();
    let config = config.expect("it is right");
    assert_eq!(config.data, PathBuf::from("2026"));
    assert_eq!(config.postgres.url.expose(), "12345");
}

#[test]
fn everything_that_does_not_go_together_is_told_at_once() {
    let settings = ["log.engine=postgres", "http.connections_max=0", "admin.listen=127.0.0.1:8080"];
    let error = given(&[], &settings).config().expect_err("three things are wrong");
    assert_eq!(error.problems.len(), 3, "{error}");
}

#[test]
fn what_is_printed_can_be_read_again() {
    let printed = toml::to_string(&Config::default()).expect("it can be written");
    let (_folder, given) = file(&printed);
    assert_eq!(given.config().expect("it is right"), Config::default());
}
