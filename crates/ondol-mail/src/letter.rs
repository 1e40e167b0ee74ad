//! A letter as it is sent: lines of at most 76 letters, what is not ASCII encoded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ondol_kernel::Timestamp;

/// How many letters of base64 stand in a line.
const LINE_LETTERS: usize = 76;
/// How many characters of a subject are encoded together: a word has at most 75 letters.
const WORD_CHARS: usize = 14;

/// A letter, whole.
pub(crate) fn written(
    name: &str,
    now: Timestamp,
    (from, to): (&str, &str),
    (subject, text): (&str, &str),
) -> String {
    let host = from.rsplit('@').next().unwrap_or("localhost");
    let mut letter = format!(
        "From: Ondol <{from}>\r\nTo: <{to}>\r\nSubject: {}\r\nDate: {}\r\n\
         Message-ID: <{name}@{host}>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n",
        words(subject),
        date(now)
    );
    let is_plain = text.is_ascii() && text.lines().all(|line| line.len() <= 998);
    if is_plain {
        letter.push_str("Content-Transfer-Encoding: 7bit\r\n\r\n");
        letter.push_str(text);
    } else {
        letter.push_str("Content-Transfer-Encoding: base64\r\n\r\n");
        let encoded = STANDARD.encode(text);
        for line in encoded.as_bytes().chunks(LINE_LETTERS) {
            letter.push_str(&String::from_utf8_lossy(line));
            letter.push_str("\r\n");
        }
    }
    letter
}

/// To whom a letter is.
pub(crate) fn addressee(letter: &[u8]) -> Option<&str> {
    let lines = letter.split(|byte| *byte == b'\n');
    let mut heads = lines.map(<[u8]>::trim_ascii_end).take_while(|line| !line.is_empty());
    let to = heads.find_map(|line| line.strip_prefix(b"To: <")?.strip_suffix(b">"))?;
    std::str::from_utf8(to).ok()
}

/// A subject, as RFC 2047 has it written.
fn words(subject: &str) -> String {
    if subject.is_ascii() {
        return subject.to_owned();
    }
    let letters: Vec<char> = subject.chars().collect();
    let words = letters.chunks(WORD_CHARS).map(|word| {
        let word: String = word.iter().collect();
        format!("=?UTF-8?B?{}?=", STANDARD.encode(word))
    });
    words.collect::<Vec<_>>().join("\r\n ")
}

/// A moment, as RFC 5322 has it written.
fn date(now: Timestamp) -> String {
    let days = now.as_unix_millis() / 86_400_000;
    let text = now.to_string();
    let day =
        ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][usize::try_from(days % 7).unwrap_or(0)];
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| months.get(month - 1));
    let month = month.copied().unwrap_or_default();
    format!("{day}, {} {month} {} {} +0000", part(8, 10), part(0, 4), part(11, 19))
}

#[cfg(test)]
mod tests;
