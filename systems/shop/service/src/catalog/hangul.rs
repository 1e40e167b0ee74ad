//! Text as it is searched: in small letters, with Korean syllables taken apart into their letters.
//!
//! Whoever types 녹차 has typed ㄴ, 노 and 녹 before, and each of them is to find it: taken apart,
//! each is the beginning of the whole. Initial consonants alone (ㄴㅊ) find it too, as people in
//! Korea are used to. Text that arrives taken apart already, as some systems send it, is the same.

const SYLLABLE_FIRST: u32 = 0xac00;
const SYLLABLE_LAST: u32 = 0xd7a3;
const VOWELS: u32 = 21;
const FINALS: u32 = 28;
const INITIAL_CONSONANTS: [&str; 19] = [
    "ㄱ", "ㄲ", "ㄴ", "ㄷ", "ㄸ", "ㄹ", "ㅁ", "ㅂ", "ㅃ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅉ", "ㅊ", "ㅋ",
    "ㅌ", "ㅍ", "ㅎ",
];
/// Those that are typed as two are two.
const VOWEL_LETTERS: [&str; 21] = [
    "ㅏ", "ㅐ", "ㅑ", "ㅒ", "ㅓ", "ㅔ", "ㅕ", "ㅖ", "ㅗ", "ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅛ", "ㅜ",
    "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅠ", "ㅡ", "ㅡㅣ", "ㅣ",
];
const FINAL_CONSONANTS: [&str; 28] = [
    "", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ",
    "ㄹㅌ", "ㄹㅍ", "ㄹㅎ", "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ",
    "ㅎ",
];

/// A text as it is searched: small letters, syllables taken apart.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        match apart(character) {
            Apart::Syllable(initial, vowel, last) => {
                folded.extend([initial, vowel, last]);
            }
            Apart::Letters(letters) => folded.push_str(letters),
            Apart::Other => folded.extend(character.to_lowercase()),
        }
    }
    folded
}

/// The initial consonants of a text's syllables, and nothing else of it but the spaces.
pub(crate) fn initials(text: &str) -> String {
    let initial = |character: char| match apart(character) {
        Apart::Syllable(initial, ..) => initial,
        Apart::Letters(_) | Apart::Other if character.is_whitespace() => " ",
        Apart::Letters(_) | Apart::Other => "",
    };
    text.chars().map(initial).collect()
}

/// Whether a folded word is nothing but consonants.
pub(crate) fn is_consonants(folded: &str) -> bool {
    !folded.is_empty() && folded.chars().all(|letter| ('ㄱ'..='ㅎ').contains(&letter))
}

enum Apart {
    Syllable(&'static str, &'static str, &'static str),
    Letters(&'static str),
    Other,
}

fn apart(character: char) -> Apart {
    let code = u32::from(character);
    let letter = |table: &'static [&'static str], at: u32| {
        usize::try_from(at).ok().and_then(|at| table.get(at)).copied().unwrap_or_default()
    };
    match code {
        SYLLABLE_FIRST..=SYLLABLE_LAST => {
            let at = code - SYLLABLE_FIRST;
            Apart::Syllable(
                letter(&INITIAL_CONSONANTS, at / (VOWELS * FINALS)),
                letter(&VOWEL_LETTERS, at / FINALS % VOWELS),
                letter(&FINAL_CONSONANTS, at % FINALS),
            )
        }
        0x1100..=0x1112 => Apart::Letters(letter(&INITIAL_CONSONANTS, code - 0x1100)),
        0x1161..=0x1175 => Apart::Letters(letter(&VOWEL_LETTERS, code - 0x1161)),
        0x11a8..=0x11c2 => Apart::Letters(letter(&FINAL_CONSONANTS, code - 0x11a8 + 1)),
        _ => Apart::Other,
    }
}

#[cfg(test)]
mod tests;
