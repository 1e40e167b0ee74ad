//! The lexer on what trips lexers.

use super::*;

#[test]
fn comments_and_literals_are_not_code() {
    let text = r##"let a = "fn no() {"; // fn no() {}
let b = r#"fn "no" {"#; /* fn /* no */ { */ let c = '"'; let d: &'static str = b"}";"##;
    let source = Source::new(text);
    assert_eq!(source.code.len(), text.len());
    assert!(!source.code.contains("no") && !source.code.contains('"'), "{}", source.code);
    assert!(source.code.contains("&'static str"));
    assert!(source.comments.contains("fn /* no */ {"));
    let literals: Vec<_> =
        source.literals_in(&(0..text.len())).map(|(_, literal)| literal).collect();
    assert_eq!(literals, ["fn no() {", "fn \"no\" {", "}"]);
}

#[test]
fn escaped_quotes_do_not_end_a_literal() {
    let source = Source::new(r#"f("a\"b", '\'', "c\\"); g()"#);
    assert!(source.code.contains("g()"), "{}", source.code);
}

#[test]
fn korean_text_keeps_its_places() {
    let text = "/// 온돌\nfn floor() {}\n";
    let functions = Source::new(text).functions();
    assert_eq!((functions[0].name.as_str(), functions[0].line), ("floor", 2));
}

#[test]
fn functions_end_where_their_braces_do() {
    let text =
        "trait T { fn declared(&self); }\nfn array() -> [u8; 4] {\n    { 1 }\n}\nfn last() {}\n";
    let functions = Source::new(text).functions();
    let found: Vec<_> =
        functions.iter().map(|function| (function.name.as_str(), function.line)).collect();
    assert_eq!(found, [("array", 2), ("last", 5)]);
    assert_eq!(&text[functions[0].body.clone()], "{\n    { 1 }\n}");
}

#[test]
fn tests_are_told_from_their_helpers() {
    let text = "fn helper() {}\n#[test]\nfn one() {}\n#[tokio::test(flavor = \"x\")]\nasync fn two() {}\n#[cfg(test)]\nfn three() {}";
    let tests: Vec<_> = Source::new(text)
        .functions()
        .into_iter()
        .filter(|found| found.is_test)
        .map(|found| found.name)
        .collect();
    assert_eq!(tests, ["one", "two"]);
}

#[test]
fn modules_in_other_files_are_found() {
    let text =
        "mod a;\npub(crate) mod b;\nmod inline { }\n#[path = \"odd.rs\"]\nmod c;\n// mod d;\n";
    let found: Vec<_> =
        Source::new(text).modules().into_iter().map(|module| (module.name, module.path)).collect();
    assert_eq!(
        found,
        [("a".into(), None), ("b".into(), None), ("c".into(), Some("odd.rs".into()))]
    );
}

#[test]
fn parts_for_tests_are_whole_blocks() {
    let text =
        "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\n#[cfg(test)]\nmod other;\nfn c() {}";
    let parts = Source::new(text).test_parts();
    assert_eq!(parts.len(), 1);
    assert_eq!(&text[parts[0].clone()], "#[cfg(test)]\nmod tests { fn b() { {} } }");
}

#[test]
fn a_piece_of_a_longer_name_is_not_found() {
    let source = Source::new("unsleep(); sleep(1); sleep_until(2);");
    assert_eq!(source.places("sleep").count(), 1);
}
