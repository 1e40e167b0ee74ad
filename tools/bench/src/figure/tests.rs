//! The exact form of a figure, and the way back.

use super::*;

fn append() -> Figure {
    Figure {
        bench: "store".into(),
        case: "append".into(),
        value: 932_000.5,
        unit: "events/s".into(),
        ratio: Some(0.63),
        against: Some("raw limit".into()),
        quick: false,
    }
}

fn line(figure: &Figure) -> String {
    let mut written = Vec::new();
    figure.write(&mut written).expect("a Vec takes everything");
    String::from_utf8(written).expect("JSON is UTF-8")
}

#[test]
fn a_figure_is_one_json_object_on_one_line() {
    assert_eq!(
        line(&append()),
        r#"{"bench":"store","case":"append","value":932000.5,"unit":"events/s","ratio":0.63,"against":"raw limit"}"#
            .to_owned()
            + "\n"
    );
}

#[test]
fn a_figure_compared_with_nothing_says_null() {
    let alone = Figure { ratio: None, against: None, ..append() };
    assert!(line(&alone).contains(r#""ratio":null,"against":null"#));
}

#[test]
fn a_quick_figure_is_marked() {
    assert!(line(&Figure { quick: true, ..append() }).contains(r#""quick":true"#));
}

#[test]
fn what_was_written_is_read_back() {
    let figures = vec![append(), Figure { ratio: None, against: None, quick: true, ..append() }];
    let text: String = figures.iter().map(line).collect();
    assert_eq!(Figure::read_all(&text).expect("as written"), figures);
}

#[test]
fn a_malformed_line_is_named() {
    let text = line(&append()) + "\nnot json\n";
    let Err(FigureError::Malformed { line, .. }) = Figure::read_all(&text) else {
        panic!("the third line is no figure");
    };
    assert_eq!(line, 3);
}
