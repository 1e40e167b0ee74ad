//! How a variant's name becomes the name of a type of event.

/// `NotEnoughMoney` as `not_enough_money`; a name that is already so stays as it is.
pub(crate) fn snake_case(name: &str) -> String {
    let mut written = String::with_capacity(name.len() + 4);
    let mut before: Option<char> = None;
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        let starts_word = character.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase()
                        && characters.peek().is_some_and(|next| next.is_lowercase()))
            });
        if starts_word {
            written.push('_');
        }
        written.extend(character.to_lowercase());
        before = Some(character);
    }
    written
}

#[cfg(test)]
mod tests;
