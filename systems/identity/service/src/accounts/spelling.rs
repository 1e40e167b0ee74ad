//! How addresses and passwords are spelled.

use crate::passwords::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};

/// An address in the one form under which it is found.
pub(crate) fn plain_email(email: &str) -> String {
    email.trim().to_lowercase()
}

pub(crate) fn is_email(email: &str) -> bool {
    let is_odd =
        |letter: char| letter.is_whitespace() || letter.is_control() || "<>,;".contains(letter);
    let parts = email.split_once('@');
    let is_pair = parts.is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.contains('@')
    });
    is_pair && email.len() <= 254 && !email.contains(is_odd)
}

pub(crate) fn is_password(password: &str) -> bool {
    password.chars().count() >= PASSWORD_CHARS_MIN && password.len() <= PASSWORD_BYTES_MAX
}
