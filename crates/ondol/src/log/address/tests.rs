//! What names a log, what does not, and that a password is never printed.

use super::*;

fn parsed(text: &str) -> LogAddress {
    text.parse().expect("it names a log")
}

#[test]
fn a_folder_is_named_with_or_without_its_engine() {
    for text in ["disk:/var/log/bank", "/var/log/bank"] {
        assert_eq!(parsed(text), LogAddress::Disk(PathBuf::from("/var/log/bank")));
    }
    assert_eq!(parsed("./a:b"), LogAddress::Disk(PathBuf::from("./a:b")));
}

#[test]
fn a_schema_is_taken_out_of_the_address_of_a_database() {
    let found = parsed("postgres://kim:secret@db:5432/bank?sslmode=disable&schema=accounts");
    let url = "postgres://kim:secret@db:5432/bank?sslmode=disable".to_owned();
    assert_eq!(found, LogAddress::Postgres { url, schema: "accounts".to_owned() });
    let found = parsed("postgresql://db/bank");
    let url = "postgresql://db/bank".to_owned();
    assert_eq!(found, LogAddress::Postgres { url, schema: "ondol".to_owned() });
}

#[test]
fn a_password_is_never_printed() {
    let texts = [
        "postgres://kim:secret@db/bank",
        "postgres://kim:secret@with@db/bank",
        "postgres://db/bank?user=kim&password=secret",
    ];
    for text in texts {
        let address = parsed(text);
        for shown in [format!("{address}"), format!("{address:?}")] {
            assert!(!shown.contains("secret"), "found {shown}");
            assert!(shown.contains("db/bank"), "found {shown}");
        }
    }
}

#[test]
fn an_engine_that_nobody_knows_is_refused() {
    let error = "mysql://db/bank".parse::<LogAddress>().expect_err("there is no such engine");
    assert_eq!(error, LogAddressError::UnknownEngine { scheme: "mysql".to_owned() });
    assert_eq!("".parse::<LogAddress>(), Err(LogAddressError::Empty));
    assert_eq!("disk:".parse::<LogAddress>(), Err(LogAddressError::Empty));
}
