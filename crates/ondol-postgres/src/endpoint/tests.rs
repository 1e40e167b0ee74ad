//! Addresses as people write them.

use super::*;
use crate::tls::Mode;

fn tls_of(query: &str) -> Result<Tls, InvalidAddress> {
    Endpoint::parse(&format!("postgres://kim:hush@db:5432/bank{query}")).map(|found| found.tls)
}

#[test]
fn every_way_of_using_tls_is_understood() {
    for (query, mode) in [
        ("", Mode::Prefer),
        ("?application_name=bank", Mode::Prefer),
        ("?sslmode=disable", Mode::Disable),
        ("?sslmode=prefer", Mode::Prefer),
        ("?sslmode=require", Mode::Require),
        ("?sslmode=verify-ca", Mode::VerifyAuthority),
        ("?sslmode=verify-full", Mode::VerifyFull),
    ] {
        assert_eq!(tls_of(query), Tls::new(mode, None), "{query}");
    }
}

#[test]
fn authorities_are_named_by_a_path_that_may_be_encoded() {
    let roots = Some("/etc/our ca.pem".to_owned());
    let found = tls_of("?sslmode=verify-full&sslrootcert=%2Fetc%2Four%20ca.pem");
    assert_eq!(found, Tls::new(Mode::VerifyFull, roots.clone()));
    let found = tls_of("?sslrootcert=/etc/our%20ca.pem&application_name=x&sslmode=require");
    assert_eq!(found, Tls::new(Mode::Require, roots));
}

#[test]
fn what_is_not_about_tls_is_left_to_the_client_library() {
    let found = Endpoint::parse("postgres://db/bank?sslmode=require&application_name=ledger");
    let config = found.expect("it is an address").config;
    assert_eq!(config.get_application_name(), Some("ledger"));
    assert_eq!(config.get_ssl_mode(), SslMode::Require);
}

#[test]
fn an_unknown_mode_is_refused_by_its_name() {
    let found = "sometimes".to_owned();
    assert_eq!(tls_of("?sslmode=sometimes"), Err(InvalidAddress::UnknownMode { found }));
}

#[test]
fn authorities_without_tls_make_no_sense() {
    let found = tls_of("?sslmode=disable&sslrootcert=/etc/ca.pem");
    assert_eq!(found, Err(InvalidAddress::RootsWithoutTls));
}

#[test]
fn what_is_no_address_is_refused_and_never_repeated() {
    for (url, problem) in [
        ("", InvalidAddress::Malformed),
        ("mysql://kim:hush@db", InvalidAddress::Malformed),
        ("postgres://kim:hush@db/bank?sslcert=hush", InvalidAddress::Malformed),
        ("postgres://db/bank?sslmode=%ff", InvalidAddress::Malformed),
        ("user=kim password=hush", InvalidAddress::WithoutHost),
    ] {
        let found = Endpoint::parse(url).expect_err("it is no address");
        assert_eq!(found, problem, "{url}");
        assert!(!found.to_string().contains("hush"), "{found}");
    }
}

#[test]
fn an_address_by_keywords_is_an_address_too() {
    let found = Endpoint::parse("host=db user=kim password=hush sslmode=require");
    let found = found.expect("it is an address");
    assert_eq!(Ok(found.tls.clone()), Tls::new(Mode::Require, None));
    assert!(!format!("{found:?}").contains("hush"));
}
