//! What a token is good for, and what is none.

use super::*;

const TEXT: &str = "a secret of the house, for tests only";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

#[test]
fn a_token_says_who_asks_for_a_minute() {
    let secret = Secret::new(TEXT).unwrap();
    let token: Token = secret.token("shop.stock", at(1_000)).to_string().parse().unwrap();
    assert_eq!(secret.check(&token, at(1_030)).unwrap(), "shop.stock");
    assert_eq!(secret.check(&token, at(1_091)), Err(TokenError::Expired));
    assert_eq!(secret.check(&token, at(900)), Err(TokenError::Expired), "from the future");
}

#[test]
fn nothing_of_a_token_can_be_changed() {
    let secret = Secret::new(TEXT).unwrap();
    let good = secret.token("shop.stock", at(1_000));
    let forged = [
        Token { service: "shop.order".to_owned(), ..good.clone() },
        Token { until: good.until + 1, ..good.clone() },
        Token { signature: vec![0; 32], ..good.clone() },
        Secret::new("another secret of the house, for tests").unwrap().token("x", at(1_000)),
    ];
    for token in forged {
        assert_eq!(secret.check(&token, at(1_000)), Err(TokenError::Forged), "{token}");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    for text in ["", "ondol1.1.ab.x", "ondol1.1", "ondol2.1.ab.x", "ondol1.x.ab.x"] {
        assert_eq!(text.parse::<Token>(), Err(TokenError::Malformed), "{text}");
    }
    let signature = "zz".repeat(32);
    let text = format!("ondol1.1.{signature}.x");
    assert_eq!(text.parse::<Token>(), Err(TokenError::Malformed));
    assert_eq!(Secret::new("short").unwrap_err().found, 5);
}
