//! What is looked for in a text.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::numbers;

/// One kind of thing that is hidden.
pub(super) struct Rule {
    /// What stands in its place.
    label: &'static str,
    /// How it looks. A group named `it` or `bare` is all that is hidden, if
    /// there is one.
    looks: Regex,
    /// Whether a text can hold any at all, which is quickly seen of most that do not.
    may_hold: fn(&str) -> bool,
    /// Whether what looks like it is it, standing between what it stands between.
    is: fn(before: &str, it: &str, after: &str) -> bool,
}

impl Rule {
    fn new(
        label: &'static str,
        looks: &str,
        may_hold: fn(&str) -> bool,
        is: fn(&str, &str, &str) -> bool,
    ) -> Self {
        let looks = Regex::new(looks).expect("the rules are written here and tested");
        Self { label, looks, may_hold, is }
    }

    /// The text, with every such thing hidden.
    pub(super) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !(self.may_hold)(text) {
            return Cow::Borrowed(text);
        }
        let (mut hidden, mut told) = (String::new(), 0);
        for found in self.looks.captures_iter(text) {
            let named = found.name("it").or_else(|| found.name("bare"));
            let Some(it) = named.or_else(|| found.get(0)) else { continue };
            if !(self.is)(&text[..it.start()], it.as_str(), &text[it.end()..]) {
                continue;
            }
            hidden.push_str(&text[told..it.start()]);
            hidden.push_str(self.label);
            told = it.end();
        }
        if told == 0 {
            return Cow::Borrowed(text);
        }
        hidden.push_str(&text[told..]);
        Cow::Owned(hidden)
    }
}

/// All rules, in the order in which they are applied: what may hold another comes first.
pub(super) fn rules() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(made);
    &RULES
}

fn made() -> Vec<Rule> {
    let always = |_before: &str, _it: &str, _after: &str| true;
    let any = |_text: &str| true;
    vec![
        // A header, up to the end of its line or of the text it is quoted in.
        Rule::new(
            "[secret]",
            r#"(?i-u:\b(?:proxy-)?(?:authorization|cookie|set-cookie|x-api-key|dpop))"?\s*[:=]\s*(?:Some\()?"?(?P<it>[^"\r\n]+)"#,
            any,
            always,
        ),
        // A secret under its name: `password=…`, `"token":"…"`, `secret: Some("…")`.
        Rule::new(
            "[secret]",
            r#"(?i-u:pass(?:word|wd|phrase)|secret|token|api[_-]?key|private[_-]?key|code_verifier|[?&]code)"?\s*(?:=|:)\s*(?:Some\()?(?:"(?P<it>(?:[^"\\]|\\.)*)|(?P<bare>[^\s"',;&})]+))"#,
            any,
            always,
        ),
        Rule::new(
            "[token]",
            r"(?i-u)\b(?:bearer|basic|dpop)\s+(?P<it>[a-z0-9._~+/-]{6,}=*)",
            any,
            always,
        ),
        Rule::new(
            "[token]",
            r"(?-u:\b)eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){1,4}",
            |text| text.contains("eyJ"),
            always,
        ),
        Rule::new(
            "[secret]",
            r"://[^/\s:@]*:(?P<it>[^/\s@]+)@",
            |text| text.contains("://"),
            always,
        ),
        Rule::new(
            "[e-mail]",
            r#"[^\s@"'<>(){}\[\],;:=&?|/\\]+(?:@|%40)[^\s@"'<>(){}\[\],;:=&?|/\\.%]+(?:\.[^\s@"'<>(){}\[\],;:=&?|/\\.%]+)+"#,
            |text| text.contains('@') || text.contains("%40"),
            always,
        ),
        Rule::new(
            "[resident-number]",
            r"[0-9]{6}-[1-8][0-9]{6}",
            has_digits,
            numbers::stands_alone,
        ),
        Rule::new("[card]", r"[0-9](?:[ -]?[0-9]){12,30}", has_digits, numbers::is_card),
        Rule::new(
            "[phone]",
            r"\+[0-9]{1,3}[ .-]?(?:\(?[0-9]{1,4}\)?[ .-]?){2,4}[0-9]{2,4}|0[0-9]{1,2}[ .-]?[0-9]{3,4}[ .-]?[0-9]{4}|\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}",
            has_digits,
            numbers::stands_alone,
        ),
    ]
}

/// Whether there are as many digits as the shortest number that is hidden has.
fn has_digits(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).nth(numbers::DIGITS_MIN - 1).is_some()
}
