//! Signatures that others can check, and addresses that nobody else is reached by.

use super::{Hook, HookError, signature};

#[test]
fn a_signature_is_what_any_other_program_works_out() {
    // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'a secret of sixteen'
    let signed = signature("a secret of sixteen", 1_700_000_000, br#"{"a":1}"#);
    assert_eq!(
        signed,
        "t=1700000000,v1=fbd8ce753f0c0643c2d4fef4959c30b175367059e6f5453bddeb7b24a3d1ae24"
    );
}

#[test]
fn letters_go_to_this_machine_only_however_an_address_is_written() {
    let hook = |url: &str| Hook { url: url.to_owned(), secret: "s".repeat(16) }.check();
    for good in ["http://127.0.0.1:8080/hooks", "http://localhost/x", "http://[::1]:1/"] {
        assert_eq!(hook(good), Ok(()), "{good}");
    }
    for bad in [
        "http://169.254.169.254/",
        "http://0x7f000001/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1@evil.example/",
        "http://evil.example@127.0.0.1/",
        "http://[::]/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "/hooks",
        "",
    ] {
        assert!(matches!(hook(bad), Err(HookError::Address { .. })), "{bad}");
    }
}

#[test]
fn a_secret_that_is_short_is_refused_and_none_is_ever_shown() {
    let hook = Hook { url: "http://127.0.0.1/".to_owned(), secret: "short".to_owned() };
    assert_eq!(hook.check(), Err(HookError::Secret { found: 5 }));
    assert!(!format!("{hook:?}").contains("short"));
}
