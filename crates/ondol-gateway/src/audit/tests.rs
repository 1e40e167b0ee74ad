//! What is masked, what is kept, and how lines hold together.

use http::header::HeaderName;

use super::chain::Head;
use super::mask::{Path, Rules};
use super::verify_lines;
use crate::config::{MaskOptions, MaskPattern};
use crate::json::Json;

fn rules(fields: &[&str]) -> Rules {
    let fields = fields.iter().map(|it| (*it).to_owned()).collect();
    Rules::new(&MaskOptions { fields, ..MaskOptions::default() }).expect("rules")
}

fn masked(rules: &Rules, json: &str) -> String {
    let mut json = Json::read_leniently(json.as_bytes()).expect("JSON");
    rules.document(&mut json);
    String::from_utf8(json.to_bytes()).expect("text")
}

#[test]
fn what_looks_like_personal_data_is_masked_wherever_it_stands() {
    let rules = rules(&[]);
    for (text, expected) in [
        ("card 4111 1111 1111 1111!", "card ***1111!"),
        ("4111-1111-1111-1111", "***1111"),
        ("378282246310005", "***0005"),
        ("4111 1111 1111 1111 5500 0000 0000 0004", "***1111 ***0004"),
        ("4111111111111112", "4111111111111112"),
        ("0000000000000000", "0000000000000000"),
        ("mail kim.lee+x@bank.co.kr, please", "mail ***, please"),
        ("010-1234-5678", "***"),
        ("+82 (0)10 1234 5678", "***"),
        ("call 02-123-4567 now", "call *** now"),
        ("2026-11-29T04:36:38Z", "2026-11-29T04:36:38Z"),
        ("1234567890", "1234567890"),
        ("Bearer eyJhbGciOi.eyJzdWIiOi.c2ln", "Bearer ***"),
        ("a@b", "a@b"),
        ("홍길동@은행.한국", "***"),
    ] {
        assert_eq!(rules.text(text), expected, "{text}");
    }
}

#[test]
fn secrets_and_named_places_are_masked() {
    let rules = rules(&["$.user.name", "$.items[*].id", "$..street", "$['odd key']"]);
    assert_eq!(
        masked(
            &rules,
            r#"{"user":{"name":"Kim","a":{"street":{"x":1}}},"items":[{"id":1,"n":2}],"odd key":1,"amount":12345678901234567890.10}"#
        ),
        r#"{"user":{"name":"***","a":{"street":"***"}},"items":[{"id":"***","n":2}],"odd key":"***","amount":12345678901234567890.10}"#
    );
    assert_eq!(
        masked(
            &rules,
            r#"{"Access-Token":"x","password":1,"PIN":["1"],"pins":2,"n":4111111111111111}"#
        ),
        r#"{"Access-Token":"***","password":"***","PIN":"***","pins":2,"n":"***1111"}"#
    );
    assert_eq!(
        masked(&rules, r#"{"password":"a","password":"b","a@b.kr":1}"#),
        r#"{"password":"***","password":"***","***":1}"#,
        "both, and names as well"
    );
    for bad in ["", "a", "$", "$.", "$..", "$[", "$[x]", "$.a["] {
        assert!(Path::read(bad).is_none(), "{bad}");
    }
}

#[test]
fn headers_and_queries_are_masked() {
    let options = MaskOptions {
        headers: vec!["X-Person".to_owned()],
        query: vec!["Name".to_owned()],
        patterns: vec![MaskPattern::Email],
        ..MaskOptions::default()
    };
    let rules = Rules::new(&options).expect("rules");
    for name in ["authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token", "x-person"] {
        assert_eq!(rules.header(&HeaderName::from_static(name), "v"), "***", "{name}");
    }
    assert_eq!(rules.header(&HeaderName::from_static("idempotency-key"), "v"), "v");
    assert_eq!(
        rules.pairs("a=1&name=Kim&mail=kim%40bank.kr&access_token=x&code=7&flag&n=1+2"),
        "a=1&name=***&mail=***&access_token=***&code=***&flag&n=1 2"
    );
}

#[test]
fn a_line_that_is_changed_taken_out_or_put_in_breaks_the_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    let mut head = Head::first();
    let lines: Vec<String> = (1..=5)
        .map(|number| {
            let mut line = format!("{{\"n\":{number},\"x\":\"y\"}}").into_bytes();
            head.seal(&mut line);
            String::from_utf8(line).expect("text")
        })
        .collect();
    let verify = |lines: &[String]| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, text).expect("a file");
        verify_lines(std::slice::from_ref(&path)).map_err(|error| error.to_string())
    };
    assert_eq!(verify(&lines), Ok((5, head.0.clone())));
    assert_eq!(verify(&lines[2..]).expect("its beginning was let go of").0, 3);
    let mut changed = lines.clone();
    changed[2] = changed[2].replace("\"y\"", "\"z\"");
    let mut without = lines.clone();
    without.remove(2);
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    for broken in [changed, without, swapped] {
        assert!(verify(&broken).expect_err("broken").starts_with("line 3 of"));
    }
}
