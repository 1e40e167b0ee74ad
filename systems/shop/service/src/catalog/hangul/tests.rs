//! Korean text: whatever has been typed of a word so far finds it.

use super::{folded, initials, is_consonants};

#[test]
fn whatever_was_typed_so_far_is_the_beginning_of_the_word() {
    for (word, typed) in [
        ("녹차", &["ㄴ", "노", "녹", "녹ㅊ", "녹차"][..]),
        ("과자", &["ㄱ", "고", "과", "과ㅈ", "과자"]),
        ("닭갈비", &["다", "달", "닭", "닭가", "닭갈비"]),
        ("의자", &["으", "의", "의자"]),
        ("값진", &["가", "갑", "값", "값지"]),
    ] {
        for typed in typed {
            assert!(folded(word).starts_with(&folded(typed)), "{typed} of {word}");
        }
    }
    assert!(!folded("녹차").contains(&folded("차녹")));
    assert!(!folded("녹차").contains(&folded("홍")));
}

#[test]
fn a_text_that_arrives_taken_apart_is_the_same() {
    // 녹차 as U+1102 U+1169 U+11A8 U+110E U+1161.
    let taken_apart = "\u{1102}\u{1169}\u{11a8}\u{110e}\u{1161}";
    assert_eq!(folded(taken_apart), folded("녹차"));
}

#[test]
fn initial_consonants_are_those_of_the_syllables() {
    assert_eq!(initials("제주 녹차 Tea"), "ㅈㅈ ㄴㅊ ");
    assert!(is_consonants("ㄴㅊ") && !is_consonants("녹") && !is_consonants(""));
    assert!(!is_consonants(&folded("노")));
}

#[test]
fn letters_of_other_languages_are_small() {
    assert_eq!(folded("Green TEA É"), "green tea é");
}
