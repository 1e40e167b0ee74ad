//! Letters as a mail server, and a person, read them.

use super::*;

const NOW: i64 = 1_767_225_600;

fn letter(subject: &str, text: &str) -> String {
    let now = Timestamp::from_micros(NOW * 1_000_000).expect("a date");
    written("n1", now, ("ondol@id.example", "kim@example.kr"), (subject, text))
}

#[test]
fn a_letter_says_from_whom_to_whom_and_when() {
    let letter = letter("Hello", "Welcome.\r\n");
    for line in [
        "From: Ondol <ondol@id.example>",
        "To: <kim@example.kr>",
        "Subject: Hello",
        "Date: Thu, 01 Jan 2026 00:00:00 +0000",
        "Message-ID: <n1@id.example>",
    ] {
        assert!(letter.contains(&format!("{line}\r\n")), "{line}: {letter}");
    }
    assert!(letter.ends_with("\r\n\r\nWelcome.\r\n"));
    assert_eq!(addressee(letter.as_bytes()), Some("kim@example.kr"));
}

#[test]
fn what_is_not_ascii_is_encoded_and_no_line_is_long() {
    let letter =
        letter("이메일 주소를 확인해 주세요, 그리고 또 확인해 주세요", &"환영합니다. ".repeat(40));
    assert!(letter.is_ascii());
    assert!(letter.lines().all(|line| line.len() <= 78), "{letter}");
    let (heads, body) = letter.split_once("\r\n\r\n").expect("a body");
    let body = STANDARD.decode(body.replace("\r\n", "")).expect("base64");
    assert_eq!(String::from_utf8(body).expect("text"), "환영합니다. ".repeat(40));
    assert!(heads.contains("Subject: =?UTF-8?B?"));
}

#[test]
fn a_letter_is_to_whom_its_head_says_and_not_its_text() {
    let forged = letter("Hello", "x\r\nTo: <lee@example.kr>\r\n");
    assert_eq!(addressee(forged.as_bytes()), Some("kim@example.kr"));
    assert_eq!(addressee(b"Subject: x\r\n\r\nTo: <lee@example.kr>\r\n"), None);
}
