//! How lines look.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

use super::{Lines, Style};

/// What was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn told(style: Style, tell: impl FnOnce()) -> String {
    let written = Written::default();
    let lines = Lines::new(style, written.clone());
    tracing::subscriber::with_default(Registry::default().with(lines), tell);
    let bytes = written.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    String::from_utf8(bytes).expect("text is written")
}

#[test]
fn a_line_is_a_flat_json_value_with_numbers_as_numbers() {
    let line = told(Style::Json, || {
        tracing::warn!(stream = "account:1", position = 7_u64, is_last = true, "it waits");
    });
    let line: Value = serde_json::from_str(&line).expect("a JSON value");
    assert_eq!(line["message"], "it waits");
    assert_eq!((&line["level"], &line["stream"]), (&"WARN".into(), &"account:1".into()));
    assert_eq!((&line["position"], &line["is_last"]), (&7.into(), &true.into()));
    assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')));
}

#[test]
fn errors_and_messages_and_secret_fields_are_masked() {
    let error = io::Error::other("no letter reaches kim@example.com, cookie: session=1");
    for style in [Style::Json, Style::Text { has_colour: false }] {
        let line = told(style, || {
            let who = "kim@example.com";
            tracing::error!(%error, error_too = ?error, password = "p", otp = 123_456_u64, "refused {who}");
            let dynamic: &(dyn std::error::Error + 'static) = &error;
            tracing::error!(error = dynamic, "refused");
        });
        assert_eq!(line.lines().count(), 2);
        for secret in ["kim@", "session=1", "\"p\"", "123456"] {
            assert!(!line.contains(secret), "{line}");
        }
        assert!(line.contains("[e-mail]") && line.contains("[hidden]"), "{line}");
    }
}

#[test]
fn nobody_begins_a_line_of_his_own() {
    for style in [Style::Json, Style::Text { has_colour: false }] {
        let line = told(style, || tracing::info!(name = "a\nERROR all is lost\x1b[31m", "b\r\nc"));
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(!line.contains('\x1b'), "{line}");
    }
}

#[test]
fn colours_are_for_those_who_want_them() {
    let plain = told(Style::Text { has_colour: false }, || tracing::info!(at = 1, "begun"));
    assert!(plain.ends_with(" INFO begun at=1\n"), "{plain}");
    let coloured = told(Style::Text { has_colour: true }, || tracing::info!(at = 1, "begun"));
    assert!(coloured.contains("\x1b[32m INFO\x1b[0m"), "{coloured}");
}

#[test]
fn what_is_too_long_is_cut_and_an_endless_error_is_not_written_to_its_end() {
    struct Endless;
    impl std::fmt::Debug for Endless {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            loop {
                f.write_str("and so on ")?;
            }
        }
    }
    let line = told(Style::Json, || tracing::error!(error = ?Endless, "it goes on"));
    assert!(line.len() < 10_000 && line.contains('…'), "{}", line.len());
}
