//! The mask: what is known of people, and what opens doors, is hidden in every text that goes out.
//!
//! A field is hidden for its name — `password`, `http.request.header.authorization`, `email` —
//! and a text for what is in it, wherever it stands: e-mail addresses, telephone, card and
//! resident numbers, bearer tokens, cookies, passwords in addresses and in `key=value`.
//! A text is looked at up to [`TEXT_BYTES_MAX`] bytes and cut there, and every rule takes time in
//! proportion to the text: a hostile one costs no more than any other. Network addresses and
//! opaque ids are not hidden; a person's id leads to nothing without the vault.

mod numbers;
mod rules;

use std::borrow::Cow;

use rules::rules;

/// What stands where something was hidden for the name of its field.
pub const HIDDEN: &str = "[hidden]";
/// How many bytes of a text are looked at; what follows is cut off.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;
/// How much is left out before a cut: what was cut in two could not be known for what it is.
const EDGE_BYTES: usize = 256;

/// Words at the end of a field's name that say that it is not for everyone.
const SECRET_NAMES: [&str; 29] = [
    "authorization",
    "cookie",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "master_key",
    "signing_key",
    "credential",
    "credentials",
    "otp",
    "pin",
    "cvc",
    "cvv",
    "card_number",
    "iban",
    "email",
    "e_mail",
    "mail",
    "phone",
    "mobile",
    "telephone",
    "birthday",
    "resident_number",
    "code_verifier",
];

/// Whether what a field of this name says is hidden, whatever it is.
pub fn is_secret(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    SECRET_NAMES.iter().any(|secret| {
        let Some(before) = last.len().checked_sub(secret.len()) else { return false };
        let (head, tail) = last.as_bytes().split_at(before);
        let same = |(one, other): (&u8, u8)| {
            let one = if *one == b'-' { b'_' } else { one.to_ascii_lowercase() };
            one == other
        };
        tail.iter().zip(secret.bytes()).all(same)
            && head.last().is_none_or(|byte| matches!(byte, b'_' | b'-'))
    })
}

/// The text, with what is in it that should not go out hidden, and cut where it is too long.
pub fn text(text: &str) -> String {
    let is_long = text.len() > TEXT_BYTES_MAX;
    let looked_at = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    let mut masked = Cow::Borrowed(looked_at);
    for rule in rules() {
        if let Cow::Owned(hidden) = rule.hide(&masked) {
            masked = Cow::Owned(hidden);
        }
    }
    if !is_long {
        return masked.into_owned();
    }
    let kept = masked.floor_char_boundary(masked.len().saturating_sub(EDGE_BYTES));
    format!("{}…", &masked[..kept])
}

/// What a field says, masked for its name or for what is in it.
pub fn field(name: &str, said: &str) -> String {
    if is_secret(name) { HIDDEN.to_owned() } else { text(said) }
}

#[cfg(test)]
mod tests;
