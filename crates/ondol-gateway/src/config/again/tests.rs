//! One text after another, each held against a reading of it by itself.

use std::fmt::Write as _;

use ondol_doors::{Rng, SeededRng};

use super::{CHANGES_MAX, Config, Pieces, Reading};

const HEAD: &str = "listen = [\"127.0.0.1:0\"]\n[backends.b]\nendpoints = []\n";
const A: &str = "[routes.a]\npath = \"/a\"\nto = \"b\"\n";
const B: &str = "[routes.b]\npath = \"/b\"\nto = \"b\"\n";

/// Reads a text after another. What comes of it is held against what comes of it by itself; whether it
/// was told from what has changed.
fn follows(reading: &mut Reading, text: &str) -> bool {
    let quick = reading.last.as_mut().and_then(|last| last.again("a.toml", text));
    let whole = Config::read("a.toml", text);
    if let Some(quick) = &quick {
        assert_eq!(Some(&**quick), whole.as_ref().ok(), "{text}");
    }
    assert_eq!(reading.read(text).map(|config| Config::clone(&config)), whole, "{text}");
    quick.is_some()
}

fn after(before: &str) -> Reading {
    let mut reading = Reading::of("a.toml");
    reading.read(before).expect("a good configuration");
    reading
}

#[test]
fn one_route_among_others_is_changed_added_and_taken_away_without_reading_the_others() {
    let mut reading = after(&format!("{HEAD}{A}{B}"));
    let other = A.replace("\"/a\"", "\"/other\"\ntimeout = \"1s\"");
    let c = "[routes.c]\nto = \"b\"\n[routes.c.fault]\ndelay = \"1s\"\n";
    for text in [
        format!("{HEAD}{other}{B}"),
        format!("{HEAD}{other}{c}{B}"),
        format!("{HEAD}{B}{other}"),
        format!("{HEAD}{B}"),
        HEAD.to_owned(),
        format!("{HEAD}{A}{B}{c}"),
    ] {
        assert!(follows(&mut reading, &text), "{text}");
    }
}

#[test]
fn what_is_wrong_is_found_as_if_the_file_had_been_read_for_the_first_time() {
    for wrong in [
        A.replace("to =", "ot ="),
        A.replace("\"b\"", "\"c\""),
        A.replace("\"/a\"", "\"a\""),
        A.replace("\"/a\"", "\"/b\""),
        A.replace("\"/a\"", "\"/a"),
        A.replace("[routes.a]", "[routes.b]"),
        A.replace("[routes.a]", "[routes.a]]"),
        A.replace("[routes.a]", "[routes.]"),
        A.replace("[routes.a]", "[routes.a"),
        format!("{A}[backends.b]\n"),
        format!("{A}[limits]\nhead_wait = 1\n"),
    ] {
        let mut reading = after(&format!("{HEAD}{A}{B}"));
        assert!(!follows(&mut reading, &format!("{HEAD}{wrong}{B}")), "{wrong}");
        // And what comes after it is told from what was good before.
        assert!(follows(&mut reading, &format!("{HEAD}{A}{B}# well\n")), "{wrong}");
    }
}

#[test]
fn a_collision_is_found_also_with_a_route_that_was_read_long_before() {
    let c = "[routes.c]\npath = \"/{name}\"\nto = \"b\"\n";
    let mut reading = after(&format!("{HEAD}{A}{B}"));
    assert!(follows(&mut reading, &format!("{HEAD}{A}{B}{c}")));
    let d = c.replace("routes.c", "routes.d").replace("{name}", "{other}");
    assert!(!follows(&mut reading, &format!("{HEAD}{A}{B}{c}{d}")));
    // Once the first is gone there is room for it, and it is in the way of the next.
    assert!(follows(&mut reading, &format!("{HEAD}{A}{B}{d}")));
    assert!(!follows(&mut reading, &format!("{HEAD}{A}{B}{c}{d}")));
    for host in ["x.test", "y.test"] {
        let named = |name: &str| format!("[routes.{name}]\nhost = \"{host}\"\nto = \"b\"\n");
        assert!(follows(&mut reading, &format!("{HEAD}{A}{B}{}", named("e"))));
        assert!(!follows(&mut reading, &format!("{HEAD}{A}{B}{}{}", named("e"), named("f"))));
    }
}

#[test]
fn a_route_that_is_written_in_several_places_or_in_odd_ways_is_read_whole() {
    for odd in [
        "[routes.a]\nto = \"b\"\n[limits]\n[routes.a.fault]\ndelay = \"1s\"\n",
        "[routes.a.fault]\ndelay = \"1s\"\n[routes.a]\nto = \"b\"\n",
        "[routes.a]\nto = \"b\"\n[ routes.a.fault ]\ndelay = \"1s\"\n",
        "[routes.a]\nto = \"b\"\n[routes.\"a\".fault]\ndelay = \"1s\"\n",
        "[routes.a]\nto = \"b\"\n[\"routes\".a.fault]\ndelay = \"1s\"\n",
        "[routes.a]\nto = \"b\"\n[routes . a . fault]\ndelay = \"1s\"\n",
        "[routes]\na = { to = \"b\" }\n",
        "[routes]\na.to = \"b\"\n[routes.a.fault]\ndelay = \"1s\"\n",
        "[routes.a]\nrespond = { status = 200, body = \"\"\"\n[routes.c]\n\"\"\" }\n",
        "[routes.a]\nrespond = { status = 200, body = '''\n[routes.c]\n''' }\n",
    ] {
        let text = format!("{HEAD}{odd}");
        let mut reading = after(&text);
        assert!(!follows(&mut reading, &format!("{text}timeout = \"1s\"\n")), "{odd}");
        assert!(!follows(&mut reading, &format!("{text}[routes.c]\npath = \"/c\"\nto = \"b\"\n")));
    }
}

#[test]
fn a_sub_table_whose_route_stands_before_all_tables_is_read_whole() {
    let text = format!("routes.a.timeout = \"1s\"\n{HEAD}[routes.a.respond]\nstatus = 200\n");
    let mut reading = after(&text);
    assert!(!follows(&mut reading, &text.replace("200", "204")));
    let config = reading.read(&text.replace("200", "201")).expect("a good configuration");
    assert!(config.routes["a"].timeout.is_some(), "what stands at the beginning is forgotten");
}

#[test]
fn many_changes_at_once_are_read_whole() {
    let text = |version: usize| {
        (0..=CHANGES_MAX).fold(HEAD.to_owned(), |mut text, number| {
            let path = format!("/{version}/{number}");
            writeln!(text, "[routes.r{number}]\npath = \"{path}\"\nto = \"b\"").expect("a line");
            text
        })
    };
    let mut reading = after(&text(1));
    assert!(!follows(&mut reading, &text(2)));
}

#[test]
fn pieces_put_together_are_the_text() {
    let text = format!("# first\n{HEAD}{A}  [routes.c]\n[routes.c.fault]\n{B}# last");
    let pieces = Pieces::of(&text).expect("a plain text");
    let names: Vec<_> = pieces.routes.keys().copied().collect();
    assert_eq!(names, ["a", "b", "c"]);
    let parts = pieces.rest.iter().chain(pieces.routes.values());
    assert_eq!(parts.map(|part| part.len()).sum::<usize>(), text.len());
}

/// Lines of which files are made, good and bad.
const LINES: [&str; 24] = [
    "[routes.a]\n",
    "[routes.b]\n",
    "[routes.c]\n",
    "[routes.a.fault]\n",
    "[routes.a.respond]\nstatus = 200\n",
    "[routes.\"a\"]\n",
    "[ routes.b ]\n",
    "[routes]\n",
    "[backends.b]\n",
    "[limits]\n",
    "endpoints = []\n",
    "to = \"b\"\n",
    "to = \"b\"\n",
    "to = \"c\"\n",
    "path = \"/a\"\n",
    "path = \"/b\"\n",
    "path = \"/{id}\"\n",
    "method = \"GET\"\n",
    "fault.delay = \"1s\"\n",
    "delay = \"1s\"\n",
    "\"\"\"\n",
    "a.to = \"b\"\n",
    "body = '''\n",
    "# words\n",
];

#[test]
fn whatever_is_done_to_a_file_it_is_read_as_if_for_the_first_time() {
    let rng = SeededRng::new(8);
    let below = |limit: usize| usize::try_from(rng.below(limit as u64)).expect("a place in memory");
    let mut quick = 0;
    for _ in 0..300 {
        let mut lines: Vec<&str> = HEAD.split_inclusive('\n').collect();
        lines.extend(A.split_inclusive('\n').chain(B.split_inclusive('\n')));
        let mut reading = after(&lines.concat());
        for _ in 0..20 {
            let before = lines.clone();
            for _ in 0..=below(3) {
                let at = below(lines.len() + 1);
                match below(3) {
                    0 if at < lines.len() => drop(lines.remove(at)),
                    1 if at < lines.len() => lines[at] = LINES[below(LINES.len())],
                    _ => lines.insert(at, LINES[below(LINES.len())]),
                }
            }
            let text = lines.concat();
            quick += usize::from(follows(&mut reading, &text));
            if Config::read("a.toml", &text).is_err() {
                lines = before;
            }
        }
    }
    assert!(quick > 100, "only {quick} were told from what had changed");
}
